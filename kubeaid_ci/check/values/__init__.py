"""The family ``values/``: values of charts that have no effect."""
