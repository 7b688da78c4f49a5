"""The stages of a run, put in order by ``mutagen.api``."""
