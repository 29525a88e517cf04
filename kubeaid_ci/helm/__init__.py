"""Helm: archives, indexes, registries, Chart.yaml, values, and the engine."""
