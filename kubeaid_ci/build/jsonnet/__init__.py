"""The jsonnet engines."""
