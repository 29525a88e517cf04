"""Applications of clusters as the manifests that Argo CD would apply."""
