"""Dangers of a change: one module for each kind, and their rules."""
