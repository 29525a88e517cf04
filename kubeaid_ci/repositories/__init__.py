"""The two repositories as folders on this machine, wherever they are."""
