"""HTTP to chart repositories, registries and forges, with guarded addresses."""
