"""From a plan to new bytes: planned spans change, every other byte stays."""
