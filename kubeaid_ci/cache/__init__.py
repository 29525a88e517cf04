"""Results by the content of their inputs and a digest of the code."""
