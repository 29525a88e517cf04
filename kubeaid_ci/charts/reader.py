"""Reads every umbrella chart of a KubeAid repo, with what is vendored in it, from a snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.charts.content import helmignored
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import links
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree import folder_ids
from kubeaid_ci.helm import chart_yaml, lock_digest
from kubeaid_ci.helm.chart import CHARTS, BadChart, Chart, Charts, Dependency, Lock, Maintainer, Subchart
from kubeaid_ci.helm.go_types import sanitized, text
from kubeaid_ci.helm.metadata_cache import LICENSES, MetadataReader

_MOST_DEEP = 20
_V1 = "v1"


def read(snapshot: Snapshot, *, cache: Path | None = None) -> Charts:
    """Read all umbrella charts of a repository. One that cannot be read is reported and does not block the others.

    `cache` is the cache folder, or None for no cache.
    """
    reading = _Reading(snapshot, cache)
    inside = [path for path in snapshot.files if path.startswith(f"{CHARTS}/")]
    folders = sorted({path.split("/")[1] for path in inside if path.endswith("/Chart.yaml") and path.count("/") == 2})
    charts = tuple(chart for name in folders if (chart := reading.chart(f"{CHARTS}/{name}")))
    reading.metadata.save()
    hidden = sorted(path for path in inside if path.count("/") == 1 and snapshot.files[path].may_be_folder)
    bad = (*reading.bad, *map(_hidden, hidden))
    ignored = helmignored(snapshot, reading.links, (chart.path for chart in charts))
    return Charts(charts, bad, snapshot.files, reading.links, snapshot.ignored, ignored)


def read_some(snapshot: Snapshot, paths: Iterable[str], *, cache: Path | None = None) -> dict[str, Chart]:
    """Return the charts in some folders by their paths; those that cannot be read are left out."""
    reading = _Reading(snapshot, cache)
    charts = {path: chart for path in sorted(set(paths)) if (chart := reading.chart(path))}
    reading.metadata.save()
    return charts


def _hidden(path: str) -> BadChart:
    """Return a link or another repository in the place of an umbrella chart, as a chart that cannot be read."""
    reason = "is behind a link or in another repository and is not checked; put the chart's folder itself here"
    return BadChart(path, f"{path}/Chart.yaml: {reason}")


class _Reading:
    """A single scan of a snapshot."""

    def __init__(self, snapshot: Snapshot, cache: Path | None) -> None:
        self.snapshot = snapshot
        self.metadata = MetadataReader(cache)
        self.metadata.load()
        self.bad: list[BadChart] = []
        self.trees = folder_ids(snapshot.files) if snapshot.files else {}
        self.links = {
            path: snapshot.read(path).decode("utf-8", "surrogateescape")
            for path, entry in snapshot.files.items()
            if entry.is_link
        }
        self.vendored = _vendored(snapshot)

    def chart(self, path: str, *, depth: int = 0, follow: bool = True) -> Chart | None:
        """Return the chart in a folder; None if its metadata cannot be read. What Helm refuses is noted as well."""
        try:
            fields, declared = self._metadata(path)
            lock = self._lock(path, fields, declared)
            subcharts = self._subcharts(path, depth) if follow else ()
        except UserError as error:
            self.bad.append(BadChart(path, str(error)))
            return None
        return Chart(
            path,
            sanitized(fields.get("name", "")),
            fields.get("version", ""),
            api_version=fields.get("apiVersion") or _V1,
            type=fields.get("type", ""),
            app_version=sanitized(fields.get("appVersion", "")),
            kube_version=sanitized(fields.get("kubeVersion", "")),
            deprecated=fields.get("deprecated") is True,
            links=_links(fields),
            home=next(iter(_addresses([fields.get("home")])), ""),
            licenses=_licenses(fields),
            maintainers=_maintainers(fields),
            dependencies=tuple(_dependency(one, file, number) for number, (file, one) in enumerate(declared)),
            lock=lock,
            subcharts=subcharts,
            archives=tuple(name for name in self.vendored.get(path, ()) if name.endswith(".tgz")),
        )

    def _metadata(self, path: str) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
        """Return the fields of a chart, and its dependencies, each with the file that declares it."""
        file = f"{path}/Chart.yaml"
        fields = self._fields(file)
        if (old := f"{path}/requirements.yaml") in self.snapshot.files:
            requirements = self._fields(old)
            file = old if "dependencies" in requirements else file
            fields = chart_yaml.merged(fields, requirements)
        declared = fields.get("dependencies") or []
        reason = chart_yaml.problem(fields)
        if reason is None and (name := chart_yaml.repeated_dependency(declared)) is not None:
            reason = f"dependencies: two of them have the name or alias {name}"
        if reason:
            self.bad.append(BadChart(path, f"{self._place(path, reason)}: {reason}, so Helm cannot load the chart"))
        return fields, [(file, one) for one in declared if one is not None]

    def _subcharts(self, path: str, depth: int) -> tuple[Subchart, ...]:
        if depth > _MOST_DEEP:
            raise UserError(f"{path}: charts nested deeper than {_MOST_DEEP} levels")
        names = [name for name in self.vendored.get(path, ()) if not name.endswith(".tgz")]
        return tuple(self._subchart(f"{path}/charts/{name}", depth) for name in names)

    def _subchart(self, path: str, depth: int) -> Subchart:
        target = self.links.get(path)
        if target is not None:
            place = links.follow(path, self.links)
            there = place is not None and f"{place}/Chart.yaml" in self.snapshot.files
            # Not what is vendored in it: a link may lead back to a chart around it.
            return Subchart(path, self.chart(place, follow=False) if place and there else None, target=target)
        there = f"{path}/Chart.yaml" in self.snapshot.files
        chart = self.chart(path, depth=depth + 1) if there else None
        return Subchart(path, chart, tree=self.trees.get(path))

    def _fields(self, path: str) -> dict[str, Any]:
        place = links.follow(path, self.links)
        entry = self.snapshot.files.get(place) if place else None
        if place is None or entry is None:
            raise UserError(f"{path}: a link that leads to no file of the repository; replace it by the file")
        return self.metadata.known(entry.id) or self.metadata.read(self.snapshot.read(place), entry.id, where=path)

    def _place(self, path: str, reason: str) -> str:
        """Return the file and line of the field that a reason begins with."""
        field = reason.partition(" ")[0].rstrip(":")
        files = [f"{path}/{name}" for name in ("requirements.yaml", "Chart.yaml")]
        for file in (one for one in files if links.follow(one, self.links) in self.snapshot.files):
            line = documents.locate(self.snapshot.read(links.follow(file, self.links) or file), (field,))
            if line is not None:
                return f"{file}:{line}"
        return files[-1]

    def _lock(self, path: str, fields: Mapping[str, Any], declared: list[tuple[str, dict[str, Any]]]) -> Lock | None:
        for name in ("Chart.lock", "requirements.lock"):
            file = f"{path}/{name}"
            if file not in self.snapshot.files:
                continue
            lock = self._fields(file)
            wanted = [one for _, one in declared]
            locked = [one for one in lock.get("dependencies") or () if one is not None]
            accepted = [lock_digest.digest(wanted, locked)]
            if (fields.get("apiVersion") or _V1) == _V1:
                accepted.append(lock_digest.old_digest(wanted))
            dependencies = tuple(_dependency(one, file) for one in locked)
            return Lock(file, lock.get("digest", ""), tuple(accepted), dependencies)
        return None


def _vendored(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return what is in the ``charts`` folder of each folder, by name: folders, links and packed charts.

    Helm skips names that begin with a dot or an underscore, and other files.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path, entry in snapshot.files.items():
        start = path.find("/charts/")
        while start != -1:
            inside = path[start + len("/charts/") :]
            name, slash, _ = inside.partition("/")
            if not name.startswith((".", "_")) and (slash or entry.may_be_folder or name.endswith(".tgz")):
                found[path[:start]].add(name)
            start = path.find("/charts/", start + 1)
    return {path: tuple(sorted(names)) for path, names in found.items()}


def _dependency(entry: Mapping[str, Any], path: str, position: int = 0) -> Dependency:
    return Dependency(
        sanitized(entry.get("name", "")),
        sanitized(entry.get("version", "")),
        sanitized(entry.get("repository", "")),
        alias=entry.get("alias", ""),
        condition=sanitized(entry.get("condition", "")),
        path=path,
        line=entry.get("line"),
        position=position,
    )


def _links(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the addresses in a chart's home, sources, icon and maintainers."""
    sources, maintainers = fields.get("sources"), fields.get("maintainers")
    people = (
        [entry.get("url") for entry in maintainers if isinstance(entry, dict)] if isinstance(maintainers, list) else []
    )
    found = [fields.get("home"), *(sources if isinstance(sources, list) else []), fields.get("icon"), *people]
    return _addresses(found)


def _addresses(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str) and value.startswith(("https://", "http://")))


def _licenses(fields: Mapping[str, Any]) -> tuple[str, ...]:
    annotations = fields.get("annotations")
    named = annotations if isinstance(annotations, dict) else {}
    texts = (named.get(name) for name in LICENSES)
    return tuple(dict.fromkeys(sanitized(text).strip() for text in texts if isinstance(text, str) and text.strip()))


def _maintainers(fields: Mapping[str, Any]) -> tuple[Maintainer, ...]:
    listed = fields.get("maintainers")
    people = (item for item in (listed if isinstance(listed, list) else []) if isinstance(item, dict))
    names = ((text(person.get("name")), text(person.get("email"))) for person in people)
    return tuple(Maintainer(sanitized(name), sanitized(email)) for name, email in names if name)
