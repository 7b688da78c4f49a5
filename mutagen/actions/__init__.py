"""One file an action: from matches to edits of the source and surgery on the graph. Nothing is changed here."""
