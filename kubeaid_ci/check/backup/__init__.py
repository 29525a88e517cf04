"""The family ``backup/``: volumes and databases without a backup."""
