"""A report in every format that people and programs read: one module a format."""
