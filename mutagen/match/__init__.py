"""Rules applied to a trace: which instances, calls and edges they select."""
