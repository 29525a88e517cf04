"""The jobs: each one a typed function that a script calls without the command line."""
