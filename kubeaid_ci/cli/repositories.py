"""The two repositories: around the current folder, and as folders or addresses by the options."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import names_address, without_credentials

if TYPE_CHECKING:
    from kubeaid_ci.cli.options import Options
    from kubeaid_ci.git.revision import Revision, TreeRevision

_TEMPLATE = Path("build/kube-prometheus/common-template.jsonnet")
_HOME = "k8s"


def enclosing_config_repo() -> str | None:
    """Return the config repo around the current folder, relative to it; None if it does not exist."""
    return _enclosing(lambda folder: (folder / _HOME).is_dir())


def enclosing_kubeaid() -> str | None:
    """Return the KubeAid repo around the current folder, relative to it; None if it does not exist."""
    return _enclosing(lambda folder: (folder / _TEMPLATE).is_file())


def _enclosing(is_repository: Callable[[Path], bool]) -> str | None:
    """Return the repository of a kind that the current folder is in, relative to it; None if it is in none.

    The search ends at the top of the Git work tree. Outside of Git only a folder below ``k8s/`` counts as inside.
    """
    here = Path.cwd()
    is_in_git = any((place / ".git").exists() for place in (here, *here.parents))
    for place in (here, *here.parents):
        is_inside = place == here or here.relative_to(place).parts[0] == _HOME or is_in_git
        if is_inside and is_repository(place):
            return os.path.relpath(place, here)
        if (place / ".git").exists():
            return None
    return None


def refuse_part_of_config_repo(config_repo: str, kubeaid: str) -> None:
    """Raise if the KubeAid repo of a settings file is a folder that the config repo itself contains.

    A change of the config repo could then decide what its own manifests are compared with. A checkout of its own
    below the config repo is another repository.
    """
    if names_address(kubeaid) and not Path(kubeaid).exists():
        return
    config, folder = Path(config_repo).resolve(), Path(kubeaid).resolve()
    between = (place for place in (folder, *folder.parents) if config in place.parents)
    if config in folder.parents and not any((place / ".git").exists() for place in between):
        raise UserError(
            f"kubeaid of a settings file is {kubeaid}, a folder of the config repo itself;"
            " if that is meant, name it with --kubeaid or KUBEAID_CI_KUBEAID"
        )


def kubeaid_folder(options: "Options") -> tuple[Path, "Revision"]:
    """Return the KubeAid repo as a folder, and its revision. A mirror has no work tree: use its default branch."""
    if options.kubeaid is None:
        raise UserError("no KubeAid repo: name one with --kubeaid PATH or KUBEAID_CI_KUBEAID")
    if not _may_be_address(options.kubeaid):
        return _folder(options.kubeaid, "--kubeaid"), options.kubeaid_ref
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.git.revision import Commit, WorkTree
    from kubeaid_ci.repositories.folders import mirrored

    with Progress(quiet=options.quiet):
        folder = mirrored(options.kubeaid, named_by=None if options.kubeaid_is_explicit else options.config_repo)
    return folder, Commit("HEAD") if isinstance(options.kubeaid_ref, WorkTree) else options.kubeaid_ref


@dataclass(frozen=True, slots=True)
class Repositories:
    """Both repositories as folders, and the revision of the KubeAid repo."""

    config: Path
    kubeaid: Path
    kubeaid_ref: "Revision"


def both_folders(options: "Options", *, beside: str | None = None, keep: bool = False) -> Repositories:
    """Return both repositories as folders; `beside` and `keep` are as for `config_folder`."""
    config = config_folder(options, beside=beside, keep=keep)
    return Repositories(config, *kubeaid_folder(options))


def charts_folder(options: "Options", ref: str) -> tuple[Path, "TreeRevision"]:
    """Return the KubeAid repo as a folder, and the revision of its charts that ``--ref`` or ``--kubeaid-ref`` names."""
    from kubeaid_ci.git.revision import Pinned, WorkTree, parse_tree_revision

    folder, revision = kubeaid_folder(options)
    if isinstance(revision, Pinned):
        raise UserError("charts belong to no cluster, so no revision is pinned; name one with --ref")
    named = parse_tree_revision(ref)
    return folder, revision if isinstance(named, WorkTree) else named


def charts_at_kubeaid_ref(options: "Options") -> tuple[Path, "TreeRevision"]:
    """Return the KubeAid repo as a folder, and the revision of its charts that ``--kubeaid-ref`` names.

    ``pinned`` from the environment or the settings is meant for clusters: the work tree is used then.
    """
    from kubeaid_ci.git.revision import WORK_TREE, Pinned

    folder, revision = kubeaid_folder(options)
    return folder, WORK_TREE if isinstance(revision, Pinned) else revision


def checkout_folder(options: "Options") -> Path:
    """Return the KubeAid repo as a checkout to write to."""
    from kubeaid_ci.git.revision import WorkTree

    if options.kubeaid is None or _may_be_address(options.kubeaid):
        raise UserError("charts are updated in a checkout; name one with --kubeaid PATH, or add --publish")
    if not isinstance(options.kubeaid_ref, WorkTree):
        raise UserError(f"charts are updated in the checkout as it is; leave out --kubeaid-ref {options.kubeaid_ref}")
    return Path(options.kubeaid)


def lock_folder(options: "Options", *, of_charts: bool) -> Path:
    """Return the checkout that ``images.lock.yaml`` is in: the config repo, or the KubeAid repo for charts."""
    from kubeaid_ci.git.revision import WorkTree

    name = options.kubeaid if of_charts else options.config_repo
    if name is None or _may_be_address(name):
        option = "--kubeaid" if of_charts else "--config-repo"
        raise UserError(f"images.lock.yaml is written to a checkout; name one with {option} PATH")
    if of_charts and not isinstance(options.kubeaid_ref, WorkTree):
        raise UserError("images.lock.yaml is about the checkout as it is; leave out --kubeaid-ref")
    return _folder(name, "--kubeaid" if of_charts else "--config-repo")


def kubeaid_target(options: "Options") -> str:
    """Return the KubeAid repo to publish to or to comment in: an address, or a checkout whose origin is meant.

    Whoever writes a settings file does not decide where a token goes.
    """
    if options.kubeaid is None:
        raise UserError("no KubeAid repo: name one with --kubeaid PATH or KUBEAID_CI_KUBEAID")
    if not options.kubeaid_is_explicit and _may_be_address(options.kubeaid):
        address = without_credentials(options.kubeaid)
        raise UserError(
            f"kubeaid of a settings file is {address}, and the token would go there; if that is intended, pass"
            " --kubeaid or set KUBEAID_CI_KUBEAID"
        )
    return options.kubeaid


def publish_address(options: "Options") -> str:
    """Return the config repo to publish to: the options, else the environment's own variables for it."""
    from kubeaid_ci.forge import environment

    found = environment.config_repo(os.environ)
    return found.value if found and not options.config_repo_is_explicit else options.config_repo


def config_folder(options: "Options", *, beside: str | None = None, keep: bool = False) -> Path:
    """Return the config repo as a folder. One that is named by its address is cloned, and named if the clone is kept.

    `beside` is the repository that our own tokens are for, where that is another.
    """
    config_repo = options.config_repo
    if not _may_be_address(config_repo):
        return _folder(config_repo, "--config-repo")
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.repositories.folders import cloned

    with Progress(quiet=options.quiet):
        folder = cloned(config_repo, beside=beside, keep=keep)
    if keep:
        notice(f"cloned the config repo into {folder}")
    return folder


def _folder(name: str, option: str) -> Path:
    """Return a folder that an option names. Raises `UserError` if it is not a folder."""
    path = Path(name)
    if not path.exists():
        raise UserError(f"{name}: no such folder; correct {option}")
    if not path.is_dir():
        raise UserError(f"{name}: is a file; name the folder of the repository with {option}")
    return path


def _may_be_address(text: str) -> bool:
    return names_address(text) and not Path(text).exists()
