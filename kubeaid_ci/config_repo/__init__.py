"""The config repo: its clusters, their general settings, and what they pin."""
