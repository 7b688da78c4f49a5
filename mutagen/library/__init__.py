"""What Python code calls: the same as the command line, with results in the place of output and exit codes."""
