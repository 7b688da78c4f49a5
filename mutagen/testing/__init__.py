"""The tests of rule files: each applies the rules to a copy of a model, and again, and looks at what came of it."""
