"""A change of files as a change request."""
