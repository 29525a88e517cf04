"""The family ``autoscaling/``: whether clusters and workloads can scale."""
