"""Patterns of paths and names in the dialects of Helm, Argo CD and Go."""
