"""Moves clusters to another KubeAid revision: every source, the labels, the general settings, the built monitoring."""
