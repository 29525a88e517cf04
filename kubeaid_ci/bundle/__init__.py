"""Bundles: everything that a site without internet needs to rebuild its clusters."""
