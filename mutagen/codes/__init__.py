"""What each stable code of an error or refusal means: cause, example and cure, one file for each family."""
