"""Checks of the clusters that Git describes: a family is a package, or a single module.

A module with checks has its `Rule` constants and

    RULES = (…)                                                              the rules that it reports
    def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]

A check of files that belong to no cluster has `check_repository(context)`, besides or in place of `check`. Any module
may have `coverage(state, context)`, which counts figures, and one of a family `suggest(state, context)`. Modules
without `RULES` are only for the others of their family. To add a check, add its file: `families` lists the packages.
"""
