"""``mutagen.lock``: which files rules have last proved, and whether they are still what they were then."""
