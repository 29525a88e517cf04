"""Checks all clusters of a config repo: renders them one by one, runs the checks, keeps their results."""
