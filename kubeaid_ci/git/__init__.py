"""The one door to Git: repositories, snapshots, remotes and commits."""
