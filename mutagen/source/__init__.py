"""Looking at source text: spans, names, values. Nothing here changes anything."""
