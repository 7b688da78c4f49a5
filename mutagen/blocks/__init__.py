"""The catalogue: the classes that rules may put into a model, as templates, as live objects, and as found again."""
