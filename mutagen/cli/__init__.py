"""The command line: flags in, a report printed, an exit code out."""
