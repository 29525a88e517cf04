"""The family ``network/``: which traffic network policies allow."""
