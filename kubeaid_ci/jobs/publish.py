"""From a build to open change requests on the config repo."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.images import image_changes
from kubeaid_ci.compare.rules import alerts
from kubeaid_ci.edges import environment, forges, git_remote
from kubeaid_ci.edges.forges.detection import detect
from kubeaid_ci.edges.forges.interface import Forge
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.git_access import GitAccess, split_address
from kubeaid_ci.edges.git_workshop import Workshop, open_workshop
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.build import build_clusters
from kubeaid_ci.jobs.publish_proposal import publish_proposal
from kubeaid_ci.jobs.repositories import is_address
from kubeaid_ci.model.build import BuildResult, Builds, BuildStatus
from kubeaid_ci.model.cluster_change import ClusterChange
from kubeaid_ci.model.commit import CommitStyle, Identity, Signing
from kubeaid_ci.model.credentials import Token
from kubeaid_ci.model.forge import ForgeAddress, ForgeKind
from kubeaid_ci.model.manifest import Manifest, objects
from kubeaid_ci.model.publication import Proposal, Published, Wishes
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.plan import revision as revision_plan
from kubeaid_ci.report import change_request

BRANCH = "kubeaid-ci/kube-prometheus"
_AUTHOR = Identity("kubeaid-ci", "kubeaid-ci@users.noreply.github.com")
_RELEASE = re.compile(rb"kube_prometheus_version['\"]?\s*:{1,3}\s*['\"]([^'\"]+)['\"]")
_APPLICATION = "argocd-apps/templates/kube-prometheus.yaml"
_NO_FORGE_LIMIT = 60_000
# What the publisher puts around the text: markers, state and the box to hand the branch back.
_FRAME = 1000
_MOST_DIFF_LINES = 400


@dataclass(frozen=True, slots=True)
class Publication:
    """What was built, and what became of it."""

    builds: Builds
    results: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """The config repo to publish to, and how."""

    address: ForgeAddress
    access: GitAccess
    forge: Forge | None
    base: str
    wishes: Wishes

    @property
    def limit(self) -> int:
        """How many characters of text there is room for."""
        return (self.forge.body_limit if self.forge else _NO_FORGE_LIMIT) - _FRAME


def publish(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    wishes: Wishes | None = None,
    **build: Any,
) -> Publication:
    """Build clusters on the newest state of the config repo's base branch, and offer what differs.

    `config_repo` is an address, or a checkout whose ``origin`` is published to; the checkout itself is
    only read. `build` are options of `build_clusters`. Without `clusters` every cluster is built. One
    change request holds all clusters, or each has its own (`Wishes.per_cluster`).

    Raises `UserError` where nothing can be published at all and `OutsideError` where the remote or the
    forge fails; every run is safe to repeat.
    """
    target = _target(str(config_repo), wishes or Wishes())
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        checkout = _clone(target, Path(folder) / (target.address.remote.name or "config"))
        builds = build_clusters(checkout, kubeaid, clusters=clusters, check=False, **build)
        workshop = open_workshop(Path(folder) / "workshop.git", target.access, checkout)
        results = tuple(_offer(target, workshop, checkout, builds))
    return Publication(builds, results)


def _target(config_repo: str, wishes: Wishes) -> _Target:
    environ = os.environ
    named = is_address(config_repo)
    url, held = split_address(config_repo if named else _origin(Path(config_repo)))
    # The origin of a job's checkout holds the job's own token, which seldom may do more than read.
    given = held if named else None
    remote = Remote.parse(url)
    kind = ForgeKind.parse(wishes.forge)
    address = detect(remote, environ, kind=kind, forge_url=wishes.forge_url)
    bundle = Path(wishes.ca_bundle) if wishes.ca_bundle else None
    token = given or environment.git_token(remote, address.kind, environ) or held
    access = GitAccess(url, token, bundle)
    forge = None
    if not wishes.dry_run:
        api_token = given or environment.forge_token(remote, address.kind, environ) or _for_api(held)
        forge = forges.connect(address, api_token, environ=environ, ca_bundle=bundle)
    branch = environment.base_branch(environ)
    base = wishes.base or (branch.value if branch else None) or git_remote.default_branch(access)
    return _Target(address, access, forge, base, _with_reviewers(wishes))


def _for_api(token: Token | None) -> Token | None:
    """The token, but for a GitLab job's: that one opens no merge requests, and the error shall ask for another."""
    return None if token and token.user == "gitlab-ci-token" else token


def _origin(folder: Path) -> str:
    repository = Repository.at(folder.resolve())
    address = repository.address() if repository else None
    if address is None:
        raise UserError(f"{folder}: not a checkout with a remote origin, so there is nowhere to publish to")
    return address


def _with_reviewers(wishes: Wishes) -> Wishes:
    found = environment.reviewers(os.environ)
    if found is None or wishes.reviewers or wishes.team_reviewers:
        return wishes
    people, teams = found.value
    return replace(wishes, reviewers=people, team_reviewers=teams)


def _clone(target: _Target, into: Path) -> Path:
    """Clone the base branch with its history, but only the files of its newest commit."""
    options = ["--quiet", "--template=", "--no-tags", "--single-branch", f"--branch={target.base}"]
    git_remote.talk(target.access, ["clone", *options, "--", target.access.url, str(into)])
    return into


@dataclass(frozen=True, slots=True)
class _Group:
    """What one branch brings: the built clusters, and those that should be in it but failed."""

    branch: str
    built: tuple[BuildResult, ...]
    failed: tuple[BuildResult, ...] = ()


def _groups(builds: Builds, *, per_cluster: bool) -> tuple[_Group, ...]:
    built = tuple(result for result in builds.results if result.status is not BuildStatus.FAILED)
    if per_cluster:
        return tuple(_Group(f"{BRANCH}/{result.cluster}", (result,)) for result in built)
    # Where no cluster could be built nothing is known, and what is open stays open.
    return (_Group(BRANCH, built, builds.failed),) if built else ()


def _offer(target: _Target, workshop: Workshop, checkout: Path, builds: Builds) -> list[Published]:
    changes = {
        result.dir: _cluster_change(Repository(checkout), result)
        for result in builds.results
        if result.status is BuildStatus.CHANGED
    }
    groups = _groups(builds, per_cluster=target.wishes.per_cluster)
    return [_publish_group(target, workshop, checkout, group, changes) for group in groups]


def _publish_group(
    target: _Target, workshop: Workshop, checkout: Path, group: _Group, changes: Mapping[str, ClusterChange]
) -> Published:
    wishes = target.wishes
    changed = [changes[result.dir] for result in group.built if result.dir in changes]
    files = {path: data for one in changed for path, data in _files(checkout, one.result).items()}
    proposal = Proposal(
        group.branch,
        target.base,
        change_request.title(changed, given=wishes.title),
        change_request.body(changed, group.failed, limit=target.limit) if changed else "",
        files,
        labels=wishes.labels,
        reviewers=wishes.reviewers,
        team_reviewers=wishes.team_reviewers,
        assignees=wishes.assignees,
        milestone=wishes.milestone,
        draft=wishes.draft or bool(group.failed),
        auto_merge=wishes.auto_merge,
    )
    return publish_proposal(
        proposal,
        workshop,
        target.forge,
        style=_style(wishes),
        clusters=tuple(one.result.cluster for one in changed) or tuple(one.cluster for one in group.built),
        on_foreign_commits=wishes.on_foreign_commits,
        commit_via=wishes.commit_via,
        preview=Path(wishes.preview) if wishes.preview else None,
        dry_run=wishes.dry_run,
    )


def _style(wishes: Wishes) -> CommitStyle:
    found = environment.committer(os.environ)
    author = Identity.parse(wishes.author) if wishes.author else found.value if found else _AUTHOR
    signing = Signing(wishes.sign) if wishes.sign else None
    return CommitStyle(author, sign_off=wishes.sign_off, signing=signing)


def _files(checkout: Path, result: BuildResult) -> dict[str, bytes | None]:
    written: dict[str, bytes | None] = {path: (checkout / path).read_bytes() for path in result.written}
    return written | dict.fromkeys(result.removed)


def _cluster_change(repository: Repository, result: BuildResult) -> ClusterChange:
    paths = (*result.written, *result.removed)
    before = {path: repository.show("HEAD", path) for path in paths}
    after = {path: (repository.folder / path).read_bytes() for path in result.written}
    old, new = _manifests(before), _manifests(after)
    added, removed = image_changes(old, new)
    release, revision = _built_from(repository, result)
    return ClusterChange(
        result,
        release_before=release,
        revision_before=revision,
        alerts=alerts(old, new),
        images_added=added,
        images_removed=removed,
        diffs={path: _cut(diff) for path, diff in repository.diffs(paths).items() if path in set(paths)},
    )


def _manifests(files: dict[str, bytes | None] | dict[str, bytes]) -> list[Manifest]:
    found: list[Manifest] = []
    for path, data in files.items():
        try:
            parsed = documents.load_all(data or b"", where=path)
        except UserError:
            continue  # edited by hand until it was no YAML any more
        found += [manifest for one in parsed for manifest in objects(path, one)]
    return found


def _built_from(repository: Repository, result: BuildResult) -> tuple[str | None, str | None]:
    """The release and revision that the cluster named when its manifests were committed last."""
    folder = f"k8s/{result.dir}"
    commit = repository.last_change(f"{folder}/kube-prometheus")
    if commit is None:
        return None, None
    text = repository.show(commit, f"{folder}/{result.cluster}-vars.jsonnet") or b""
    release = _RELEASE.search(text)
    application = repository.show(commit, f"{folder}/{_APPLICATION}")
    return release and release[1].decode("utf-8", "replace"), _revision(application)


def _revision(application: bytes | None) -> str | None:
    try:
        found = documents.load_all(application or b"", where=_APPLICATION)
    except UserError:
        return None
    known = [revision_plan.pinned(one, None) for one in found if isinstance(one, dict)]
    return next((one.revision for one in known if one), None)


def _cut(diff: str) -> str:
    lines = diff.split("\n")
    more = len(lines) - _MOST_DIFF_LINES
    return "\n".join([*lines[:_MOST_DIFF_LINES], f"… {more} more lines"]) if more > 0 else diff
