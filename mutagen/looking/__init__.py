"""Looks at a model, at what rules select in it, and at single places; plans at most, proves and writes nothing."""
