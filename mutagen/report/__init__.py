"""One file a renderer: a report, or an error, in; text out."""
