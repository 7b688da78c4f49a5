"""Finds and reads ``[tool.mutagen]`` of pyproject.toml, with all its errors at once."""
