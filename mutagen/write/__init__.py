"""Writes a set of files so that it ends all old or all new."""
