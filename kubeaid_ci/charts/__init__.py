"""The umbrella charts of a KubeAid repo: list, lint, render, diff, verify and update."""
