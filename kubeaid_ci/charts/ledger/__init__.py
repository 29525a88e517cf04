"""The ledger of vendored charts."""
