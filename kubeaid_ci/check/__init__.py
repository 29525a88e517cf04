"""Checks of the clusters that Git describes, one package for each family, one module for each check.

A check module has its `Rule` constants and

    RULES = (…)                                                              the rules that it reports
    def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]

A check of files that belong to no cluster has `check_repository(context)` instead. A family may have a module
`coverage` with `coverage(state, context)`, and a module `suggest` with `suggest(state, context)`. Modules without
`RULES` are only for the others of their family. To add a check, add its file: `families` lists the packages.
"""
