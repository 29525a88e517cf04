"""Two renderings of clusters as differences, findings and reports."""
