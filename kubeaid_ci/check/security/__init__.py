"""The family ``security/``: what containers and accounts may do."""
