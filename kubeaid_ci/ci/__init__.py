"""The CI system that a run is part of: its summary, outputs, comments and the change under review."""
