"""Copies library modules into the project, on request, so that they can be changed there."""
