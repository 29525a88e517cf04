"""Looks at this machine, the two repositories and the forge, and describes what they have or lack."""

import os
import tempfile
from pathlib import Path

from kubeaid_ci.checkup import config_repo as doctor_config
from kubeaid_ci.checkup import forge, rules
from kubeaid_ci.checkup import kubeaid as doctor_kubeaid
from kubeaid_ci.checkup import machine as doctor_machine
from kubeaid_ci.checkup.result import Checkup
from kubeaid_ci.forge.change_request import Wishes
from kubeaid_ci.git.revision import WORK_TREE, Revision, parse_revision


def doctor(
    config_repo: str | os.PathLike[str] = ".",
    kubeaid: str | os.PathLike[str] | None = None,
    *,
    kubeaid_ref: Revision | str = WORK_TREE,
    engine: str = "rjsonnet",
    wishes: Wishes | None = None,
) -> Checkup:
    """Say what this machine, both repositories and the forge have or lack for building and publishing.

    `config_repo` and `kubeaid` are folders or addresses; `kubeaid_ref`, `engine` and `wishes` are those
    that builds and publications will use. Nothing is written anywhere, and no token is in the result.
    What cannot be read or reached is one check of the result; the others are still made.
    """
    wishes = wishes or Wishes()
    source = None if kubeaid is None else str(kubeaid)
    machine = doctor_machine.look(engine, wishes.ca_bundle)
    if not doctor_machine.has_git(machine):
        return Checkup(machine, tuple(rules.findings(machine)))  # it is Git that knows the rest
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        config = doctor_config.look(str(config_repo), source, wishes, Path(scratch))
        results = (
            *machine,
            *config.checks,
            *doctor_kubeaid.look(source, parse_revision(kubeaid_ref), config),
            *forge.look(config.approach, config.folder, wishes),
        )
    return Checkup(results, (*rules.findings(results), *config.clusters.findings))
