"""The family ``gitops/``: Applications that Argo CD cannot sync, or not as intended."""
