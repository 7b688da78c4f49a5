"""Runs the model in a session process: what it is made of, what it computes, and which expressions say so."""
