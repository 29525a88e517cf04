"""Decisions, made purely: what to do, from what was found."""
