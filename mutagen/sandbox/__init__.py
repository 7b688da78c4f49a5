"""Runs the user's code in processes of its own, with limits on time, memory, network and files."""
