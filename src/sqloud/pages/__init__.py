"""Pages about a provider, made of its documents: what a user reads before the first statement.

Law: nothing here is written by hand. A page says what the documents say, and an example on it is a statement that
runs once its `{{ }}` have values.
"""
