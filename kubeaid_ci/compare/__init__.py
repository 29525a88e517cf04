"""Comparisons, made purely: what differs between two sets of values."""
