"""The meaning of network policies: which pods they select, and which traffic they permit."""
