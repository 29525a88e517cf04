"""Processes, workers, and files that are written in one step."""
