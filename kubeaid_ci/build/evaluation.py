"""Evaluates one cluster: its vars are read and checked, then the template is evaluated with them."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from kubeaid_ci import documents
from kubeaid_ci.build import vars as vars_check
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.build.jsonnet.engine import EvaluationError, Importer
from kubeaid_ci.build.rules import LIBRARY_MISSING
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.rules import VARS_INVALID
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule
from kubeaid_ci.git.links import is_for_git
from kubeaid_ci.git.source_files import CommitRef, FolderRef, FolderSource, Source, SourceRef, opened
from kubeaid_ci.repositories.kubeaid import BUILD, TEMPLATE
from kubeaid_ci.semver.version import Version
from kubeaid_ci.visible import visible

T = TypeVar("T")

MOST_RESULT_BYTES = 64 * 1024 * 1024
# The release that the platform's build takes where the vars name none.
_NO_RELEASE = "main"
_RELEASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_OWN_IMPORT = re.compile(r"\bimport\s+['\"]((?:lib|mixins)/[^'\"]+)['\"]")
_DEFAULTS = "lib/default_vars.libsonnet"
_DEEP = 15


class Refused(Exception):  # noqa: N818 - an outcome, not an internal error
    """A cluster that cannot be built, with the finding that explains it.

    `notes` are what the checks of the vars found before, `release` is the one that the vars name.
    """

    def __init__(self, finding: Finding, *, release: str | None = None) -> None:
        super().__init__(finding)
        self.finding = finding
        self.release = release
        self.notes: tuple[Finding, ...] = ()


@lru_cache(maxsize=4)
def _commit(at: CommitRef) -> Source:
    """Return the files of a commit, which never change: clusters at the same commit share them in a worker."""
    return opened(at)


@lru_cache(maxsize=256)
def parsed(text: str) -> Any:
    """Return the value of an engine's JSON. Clusters of one release have most manifests in common.

    Raises `UserError` if it is nothing that can be written as YAML.
    """
    return documents.parse_json(text)


@dataclass(slots=True)
class Evaluation:
    """One cluster on its way from vars to manifests. Files are read only through `importer`.

    `engine` is tried first. With `only` no other engine is used, because it crashed.
    """

    cluster: Cluster
    config: FolderSource
    kubeaid: Source
    engine: str
    importer: Importer
    only: bool = False
    template: vars_check.Template = field(default_factory=lambda: vars_check.template({}, ()))
    used: str = ""
    values: Any = None
    """The vars, once they are evaluated."""

    @classmethod
    def of(
        cls, cluster: Cluster, config_root: str, kubeaid: SourceRef, engine: str, *, only: bool = False
    ) -> "Evaluation":
        """Open both repositories."""
        config = opened(FolderRef(config_root))
        source = _commit(kubeaid) if isinstance(kubeaid, CommitRef) else opened(kubeaid)
        return cls(cluster, config, source, engine, Importer((source, config)), only)  # type: ignore[arg-type]

    @property
    def vars_path(self) -> str:
        """Return the absolute path of the vars file."""
        return f"{self.config.prefix}/{self.cluster.vars_file}"

    def vars(self) -> dict[str, Any]:
        """Return the cluster's vars, evaluated by themselves; raises `Refused` if they are no object."""
        # gojsonnet explains errors better, and vars take it no time.
        engine = "gojsonnet" if jsonnet.installed("gojsonnet") and not self.only else self.engine
        self.values = self._parsed(self._evaluated(engine, jsonnet.imported(self.vars_path), run=jsonnet.evaluate))
        if not isinstance(self.values, dict):
            found = vars_check.type_name(self.values)
            raise self._refused(f"the vars file must give an object, not {found}", key="object")
        return self.values

    def checked(self, values: Mapping[str, Any]) -> tuple[Finding, ...]:
        """Return the findings about the vars; remembers the keys of the template, for better messages."""
        self.template = vars_check.template(self._defaults(), self._template_texts())
        text = self._text(self.vars_path)
        found = vars_check.check(
            values,
            self.template,
            path=self.cluster.vars_file or self.cluster.path,
            text=text,
            subject=self.cluster.label,
        )
        return tuple(found)

    def releases(self) -> tuple[str, ...]:
        """Return the releases whose library is in the KubeAid files."""
        return self.kubeaid.folders(f"{self.kubeaid.prefix}/{BUILD}/libraries")

    def release(self, values: Mapping[str, Any]) -> str:
        """Return the release that the vars name. Raises `Refused` if its library does not exist."""
        release = values.get("kube_prometheus_version", _NO_RELEASE)
        if not isinstance(release, str) or not _RELEASE.fullmatch(release):
            message = f"kube_prometheus_version is not a release: {release!r}"
            raise self._refused(message, key="release", rule=LIBRARY_MISSING)
        library = f"{self.kubeaid.prefix}/{BUILD}/libraries/{release}/vendor"
        if not self.kubeaid.is_folder(library):
            raise self._not_vendored(release, is_set="kube_prometheus_version" in values)
        self.importer.library = library
        return release

    def _not_vendored(self, release: str, *, is_set: bool) -> Refused:
        available = self.releases()
        why = "has no folder vendor" if release in available else "does not exist"
        unset = "" if is_set else " (the vars set no kube_prometheus_version)"
        what = f"{release}: not vendored: {BUILD}/libraries/{release} {why}{unset}"
        message = f"{what}; available: {', '.join(available) or 'none'}{_next(release, available)}"
        return Refused(self._refused(message, key="release", rule=LIBRARY_MISSING).finding, release=release)

    def manifests(
        self, engine: str | None = None, *, only: Collection[str] | None = None, without: Collection[str] = ()
    ) -> dict[str, str]:
        """Return the JSON text of each manifest, which `parsed` reads, by field name.

        With `only` no other manifests are evaluated, and those in `without` are not.
        Raises `Refused` with the best message that can be had.
        """
        code = jsonnet.imported(f"{self.kubeaid.prefix}/{TEMPLATE}")
        if only is not None or without:
            chosen = f"std.member({json.dumps(sorted(only))}, name)" if only is not None else "true"
            others = f"!std.member({json.dumps(sorted(without))}, name)"
            names = f"[name for name in std.objectFields(all) if {chosen} && {others}]"
            code = f"local all = {code}; {{ [name]: all[name] for name in {names} }}"
        ext = {"vars": jsonnet.imported(self.vars_path)}
        fallback = engine is None and not self.only
        result = self._evaluated(engine or self.engine, code, ext, run=jsonnet.evaluate_fields, fallback=fallback)
        if isinstance(result, str):
            values = self._parsed(result)
            if not isinstance(values, dict):
                raise self._refused(f"{TEMPLATE} must give an object of manifests", key="template")
            result = {name: json.dumps(value) for name, value in values.items()}
        self._check_size(sum(map(len, result.values())))
        for name, text in result.items():
            self._check_name(name)
            self._parsed(text)
        return result

    def _evaluated(
        self,
        engine: str,
        code: str,
        ext: dict[str, str] | None = None,
        *,
        run: Callable[..., T],
        fallback: bool = False,
    ) -> T:
        self.importer.failure = None
        self.used = engine
        try:
            return run(engine, code, self.importer, ext_code=ext)
        except EvaluationError as error:
            first = error
        if not fallback or engine != "rjsonnet" or not jsonnet.installed("gojsonnet"):
            raise self._explained(first.text)
        try:
            # It evaluates what rjsonnet cannot evaluate with the same result, and explains errors better.
            self.used = "gojsonnet"
            return run("gojsonnet", code, self.importer, ext_code=ext)
        except EvaluationError as second:
            raise self._explained(second.text, first.text) from None

    def _check_size(self, size: int) -> None:
        if size > MOST_RESULT_BYTES:
            message = f"the result is {size >> 20} MiB of JSON, more than {MOST_RESULT_BYTES >> 20} MiB"
            raise self._refused(message, key="size")

    def _parsed(self, text: str) -> Any:
        self._check_size(len(text))
        try:
            return parsed(text)
        except UserError as error:
            raise self._refused(f"the result cannot be written as YAML: {error}", key="json") from error

    def _check_name(self, name: str) -> None:
        parts = name.split("/")
        # Names become paths of files in the config repo: nothing may climb out or hide.
        if any(map(_is_unsafe, parts)) or not name.isprintable() or visible(name) != name:
            raise self._refused(f"{TEMPLATE} gives a field {name!r}, which is no safe file name", key=name)

    def _explained(self, message: str, rjsonnet: str = "") -> Refused:
        """Return an engine's error, readable and without secrets; `rjsonnet` is the error of rjsonnet if it ran first.

        What only errors need is imported here: to load it takes a worker 10 ms.
        """
        from kubeaid_ci.build import engine_message
        from kubeaid_ci.redaction.texts import named_values
        from kubeaid_ci.redaction.values import safe_message, secret_values

        if rjsonnet and engine_message.depth(message) >= _DEEP:
            message = rjsonnet  # of endless recursion it names the field, gojsonnet the frames
        config, kubeaid = self.config.prefix + "/", self.kubeaid.prefix + "/"
        failure = self.importer.failure
        explained = engine_message.explain(
            message,
            prefer=(config,),
            lines_of=self._lines,
            names=self.template.names,
            instead=str(failure) if failure else None,
        )
        secrets = {*secret_values(self.values), *named_values(self._text(self.vars_path))}
        text = safe_message(explained.text.replace(config, "").replace(kubeaid, "kubeaid:"), secrets)
        if explained.place is None:
            where = engine_message.explain(message, prefer=(kubeaid,), lines_of=lambda _: ()).place
            at = f" ({where.path.removeprefix(kubeaid)}:{where.line})" if where else ""
            return self._refused(text + at, key="evaluation")
        path = explained.place.path.removeprefix(config)
        return self._refused(text, key="evaluation", path=path, line=explained.place.line)

    def _refused(
        self,
        message: str,
        *,
        key: str,
        path: str | None = None,
        line: int | None = None,
        rule: Rule | None = None,
    ) -> Refused:
        rule = rule or VARS_INVALID
        where = path or self.cluster.vars_file
        return Refused(rule.at(where, message, subject=self.cluster.label, line=line, key=key))

    def _defaults(self) -> Mapping[str, Any]:
        path = f"{self.kubeaid.prefix}/{BUILD}/{_DEFAULTS}"
        if not self.kubeaid.has(self.kubeaid.real(path)):
            return {}
        try:
            values = documents.parse_json(jsonnet.evaluate("rjsonnet", jsonnet.imported(path), self.importer))
        except EvaluationError:
            return {}  # the template that imports it will report it, in its own words
        return values if isinstance(values, dict) else {}

    def _template_texts(self) -> Iterator[str]:
        text = self._text(f"{self.kubeaid.prefix}/{TEMPLATE}")
        yield text
        for name in sorted(set(_OWN_IMPORT.findall(text))):
            yield self._text(f"{self.kubeaid.prefix}/{BUILD}/{name}")

    def _text(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        try:
            return self.importer(folder, name)[1].decode("utf-8", "replace")
        except UserError:
            return ""  # a missing import; the evaluation will report it

    def _lines(self, path: str) -> Sequence[str]:
        return self._text(path).splitlines()


def _is_unsafe(part: str) -> bool:
    return part in ("", ".", "..") or len(part) > 200 or "\\" in part or is_for_git(part)


def _next(release: str, available: Iterable[str]) -> str:
    """Return advice on the oldest available release that is newer, or an empty text."""
    wanted = _version(release)
    newer = [version for name in available if wanted and (version := _version(name)) and version > wanted]
    return f"; the next newer release is {min(newer)}" if newer else ""


def _version(release: str) -> Version | None:
    try:
        return Version.parse(release)
    except UserError:
        return None  # a branch or a commit id
