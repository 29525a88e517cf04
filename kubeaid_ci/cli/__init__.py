"""The commands: each one reads top to bottom as discover, do, report."""
