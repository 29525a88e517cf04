"""Software bills of materials of clusters: which charts and images they are made of."""
