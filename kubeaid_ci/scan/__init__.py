"""Vulnerabilities of images: read from scanners, gated, compared."""
