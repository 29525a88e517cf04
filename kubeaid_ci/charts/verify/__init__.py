"""Vendored charts against the ledger and against what their upstreams publish."""
