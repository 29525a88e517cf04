"""The placeholder for a value that differs in every rendering."""

MASK = "(varies)"
