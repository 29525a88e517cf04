"""Secrets in manifests and texts, found and masked."""
