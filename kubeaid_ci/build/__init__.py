"""Builds the monitoring manifests of clusters from jsonnet."""
