"""Reads from Git when clusters came to a KubeAid revision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kubeaid_ci.config_repo.cluster import OUTPUT, Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.process import git
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote
from kubeaid_ci.upgrade.edits import Request, edits_of
from kubeaid_ci.upgrade.result import PlaceStatus
from kubeaid_ci.upgrade.waves import Arrival

_MOST_COMMITS = 200


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The states of clusters in the commits of a config repo."""

    config: Path
    to: str
    blobs: Blobs

    def of(self, cluster: Cluster, kubeaid: frozenset[Remote]) -> Arrival:
        """Return whether a cluster is at the revision in the newest commit, and since when."""
        since: datetime | None = None
        for commit, date in self._commits(cluster):
            if not self._is_at(commit, cluster, kubeaid):
                break
            since = date
        return Arrival(since is not None, since)

    def _commits(self, cluster: Cluster) -> list[tuple[str, datetime]]:
        """Return the commits that changed a cluster's files, the newest first. A merge counts when it was merged."""
        options = ["--first-parent", "--no-show-signature", f"--max-count={_MOST_COMMITS}", "--format=%H %ct"]
        log = git(["--literal-pathspecs", "log", *options, "HEAD", "--", cluster.path], folder=self.config)
        lines = [line.split() for line in log.text.splitlines()] if log.code == 0 else []
        return [(commit, datetime.fromtimestamp(int(date), UTC)) for commit, date in lines]

    def _is_at(self, commit: str, cluster: Cluster, kubeaid: frozenset[Remote]) -> bool:
        made = edits_of(cluster, self._files(commit, cluster), Request(self.to, kubeaid))
        sources = [edit for edit in made.edits if edit.chart]
        return bool(sources) and all(edit.status is PlaceStatus.CURRENT for edit in sources)

    def _files(self, commit: str, cluster: Cluster) -> Mapping[str, bytes]:
        built = f"{cluster.path}/{OUTPUT}/"
        entries = Repository(self.config).files(commit, cluster.path)
        wanted = {path: one.id for path, one in entries.items() if path.endswith((".yaml", ".yml")) and one.is_file}
        wanted = {path: identity for path, identity in wanted.items() if not path.startswith(built)}
        return dict(zip(wanted, self.blobs.read_all(list(wanted.values())), strict=True))


def arrivals_of(config: Path, clusters: Mapping[Cluster, frozenset[Remote]], to: str) -> dict[str, Arrival]:
    """Return the state of clusters by folder. `clusters` has the addresses of the KubeAid repo for each.

    Raises `UserError` if the config repo has no history.
    """
    if Repository.at(config) is None:
        raise UserError(f"{config}: not a Git repository, so it is unknown since when clusters are at {to}")
    with Blobs(config) as blobs:
        read = Arrivals(config, to, blobs)
        return {cluster.dir: read.of(cluster, addresses) for cluster, addresses in clusters.items()}
