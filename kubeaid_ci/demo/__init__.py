"""The demo: a small platform, and every job run on it."""
