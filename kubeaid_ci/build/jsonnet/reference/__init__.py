"""Gives rjsonnet the answers of go-jsonnet, which the platform builds with.

rjsonnet is several times faster, but spells and formats numbers by its own rules, compares them
within a tolerance, and differs in several functions of the standard library. Code is rewritten
before rjsonnet reads it (`rewrite`): operators and `std` lead to definitions with the reference's
answers (`std.libsonnet`), which call Python (`natives`, `format`) and gojsonnet.
"""
