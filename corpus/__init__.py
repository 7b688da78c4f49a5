"""Runs the command line over third-party models and judges the result independently of mutagen; not installed."""
