"""What stands for a value that is another in every rendering."""

MASK = "(varies)"
