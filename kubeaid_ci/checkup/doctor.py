"""Checks this machine, the two repositories and the forge for what building and publishing need."""

import os
import tempfile
from pathlib import Path

from kubeaid_ci.checkup import rules
from kubeaid_ci.checkup.config_repo import check_config_repo
from kubeaid_ci.checkup.forge import check_forge
from kubeaid_ci.checkup.kubeaid import check_kubeaid
from kubeaid_ci.checkup.machine import check_machine, has_git
from kubeaid_ci.checkup.result import Checkup
from kubeaid_ci.git.revision import WORK_TREE, Revision, parse_revision
from kubeaid_ci.settings.publish import PublishOptions


def doctor(
    config_repo: str | os.PathLike[str] = ".",
    kubeaid: str | os.PathLike[str] | None = None,
    *,
    kubeaid_ref: Revision | str = WORK_TREE,
    engine: str = "rjsonnet",
    options: PublishOptions | None = None,
) -> Checkup:
    """Check this machine, both repositories and the forge for what building and publishing need.

    `config_repo` and `kubeaid` are folders or addresses; `kubeaid_ref`, `engine` and `options` are those that
    builds and publications will use. Nothing is written, and no token is in the result. A repository or forge that
    cannot be reached is a failed check of the result; the other checks are made.
    """
    options = options or PublishOptions()
    source = None if kubeaid is None else str(kubeaid)
    machine = check_machine(engine, options.ca_bundle)
    if not has_git(machine):
        return Checkup(machine, tuple(rules.findings(machine)))  # it is Git that knows the rest
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        config = check_config_repo(str(config_repo), source, options, Path(scratch))
        results = (
            *machine,
            *config.checks,
            *check_kubeaid(source, parse_revision(kubeaid_ref), config),
            *check_forge(config.approach, config.folder, options),
        )
    return Checkup(results, (*rules.findings(results), *config.clusters.findings))
