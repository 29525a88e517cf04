"""Checks: pure functions that yield findings."""
