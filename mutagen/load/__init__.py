"""Reads what the user gives: rule files, model calls, inputs, targets, plans."""
