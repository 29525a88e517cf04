"""Newer releases of vendored charts: which ones, and bringing them in."""
