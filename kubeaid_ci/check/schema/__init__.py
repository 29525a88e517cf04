"""The family ``schema/``: objects that the API server refuses."""
