"""From matches to a plan: every rule's draft, joined, with conflicts found."""
