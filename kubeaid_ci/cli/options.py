"""The options that every command takes, before or after its name, and how they are resolved.

The command line wins over the environment, the environment over the settings file.
"""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from kubeaid_ci.cli.environment import is_from_environment
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import FailOn
from kubeaid_ci.findings.suppression import MISNAMED, SETTINGS_FILE
from kubeaid_ci.net.address import names_address
from kubeaid_ci.report.report import REPORT_FORMATS

if TYPE_CHECKING:
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.findings.suppression import Suppression
    from kubeaid_ci.settings import Settings
    from kubeaid_ci.settings.file import Base

_F = TypeVar("_F", bound=Callable[..., Any])
_TEMPLATE = Path("build/kube-prometheus/common-template.jsonnet")
_HOME = "k8s"


@dataclass(frozen=True, slots=True)
class Options:
    """The common options, resolved. `kubeaid_is_said` is false where only a settings file names the KubeAid repo."""

    config_repo: str
    kubeaid: str | None
    kubeaid_ref: str
    jobs: int
    fmt: str
    reports: tuple[tuple[str, Path], ...]
    fail_on: FailOn
    dotenv: Path | None
    cache: bool
    quiet: bool
    verbose: bool
    settings: "Settings"
    kubeaid_is_said: bool = True
    settings_findings: "tuple[Finding, ...]" = ()
    """About the settings files: what the change under review makes weaker (those of its base are in force), and files
    that are not read."""
    new_suppressions: "tuple[Suppression, ...]" = ()
    """Those that the change under review adds: they hold after the merge."""
    config_repo_is_explicit: bool = True
    """False if the config repo is only the one around the current folder, or the current folder."""


def common_options(function: _F) -> _F:
    """Add the common options to a command or group, but those that it has defined itself."""
    own = {option.name for option in getattr(function, "__click_params__", ())}
    for name, option in reversed(_OPTIONS.items()):
        if name not in own:
            function = option(function)
    return function


def kubeaid_ref_option(default: str) -> Callable[[_F], _F]:
    """Add ``--kubeaid-ref`` with the default of the command, for the help text; `resolve` takes it too."""
    metavar = "worktree|pinned|REF"
    return click.option("--kubeaid-ref", metavar=metavar, help=f"KubeAid revision to use (default: {default}).")


def read_settings(folder: Path) -> "Settings":
    """Return the settings of a repository that is a folder; empty settings if it has no file."""
    from kubeaid_ci.settings.file import read

    return read(folder)


def resolve(
    ctx: click.Context,
    given: dict[str, Any],
    *,
    needs_kubeaid: bool = True,
    kubeaid_ref: str = "worktree",
    settings_of: "Callable[[Path], Settings]" = read_settings,
    base: str | None = None,
    base_of: str | None = None,
) -> Options:
    """Return the common options from the command line, the environment and the settings files, best first.

    `kubeaid_ref` is the default of the command. `base` is the revision before the change that the command looks at,
    in the repository `base_of` (``config`` or ``kubeaid``; default: the one in the current folder). Its settings, or
    those of the base of the CI job's change request, are in force. Raises `UserError` if a command that needs a KubeAid
    repo can find none.
    """
    chosen = _chosen(ctx, given)
    if chosen.get("quiet") and chosen.get("verbose"):
        raise click.UsageError("-q and -v contradict each other; leave one out", ctx)
    config_repo = str(chosen.get("config_repo") or enclosing_config_repo() or ".")
    reader = _SettingsReader(settings_of, base, _judged(base_of, config_repo, chosen.get("kubeaid")) if base else None)
    settings = reader.read(Path(config_repo))
    named_by_settings = settings.kubeaid is not None
    if named_by_settings and not chosen.get("kubeaid"):
        _refuse_part_of(config_repo, str(settings.kubeaid))
    kubeaid = _kubeaid(chosen.get("kubeaid"), settings)
    if kubeaid is None and needs_kubeaid:
        raise UserError("no KubeAid repo: name one with --kubeaid PATH or KUBEAID_CI_KUBEAID")
    if kubeaid and Path(kubeaid).resolve() != Path(config_repo).resolve():
        settings = settings.merge(reader.read(Path(kubeaid)))
    return Options(
        config_repo=config_repo,
        kubeaid=kubeaid,
        kubeaid_ref=chosen.get("kubeaid_ref") or settings.kubeaid_ref or kubeaid_ref,
        jobs=chosen.get("jobs") or settings.jobs or os.cpu_count() or 1,
        fmt=chosen.get("fmt") or "text",
        reports=tuple(chosen.get("report") or ()),
        fail_on=FailOn(chosen.get("fail_on") or settings.fail_on or FailOn.ERROR),
        dotenv=chosen.get("dotenv"),
        cache=not chosen.get("no_cache"),
        quiet=bool(chosen.get("quiet")),
        verbose=bool(chosen.get("verbose")),
        settings=settings,
        config_repo_is_explicit=bool(chosen.get("config_repo")),
        kubeaid_is_said=bool(chosen.get("kubeaid")) or not named_by_settings,
        settings_findings=tuple(reader.findings),
        new_suppressions=tuple(reader.new_suppressions),
    )


def _judged(base_of: str | None, config_repo: str, kubeaid: str | None) -> Path | None:
    """Return the repository that ``--base`` is a revision of; None if it is known by its address only."""
    here = Path.cwd().resolve()
    of = base_of or ("config" if here.is_relative_to(Path(config_repo).resolve()) else "kubeaid")
    folder = Path(config_repo if of == "config" else kubeaid or ".")
    from kubeaid_ci.git.process import git_dir

    return folder.resolve() if folder.is_dir() and git_dir(folder) else None


class _SettingsReader:
    """Reads settings files: of the repository under review at the base of the change, of the other one as it is."""

    def __init__(self, read_file: "Callable[[Path], Settings]", base: str | None, judged: Path | None) -> None:
        self.findings: list[Finding] = []
        self.new_suppressions: list[Suppression] = []
        self._read_file = read_file
        self._base = base.removesuffix("...") if base else None
        self._judged = judged

    def read(self, folder: Path) -> "Settings":
        """Return the settings that are in force for a repository, and note what the change would make weaker."""
        after = self._read_file(folder)
        self._report_misnamed(folder)
        if after.clusters:
            self._report_unknown_clusters(folder, after.clusters)
        base = self._base_of(folder)
        if base is None:
            return after
        from kubeaid_ci.settings import change
        from kubeaid_ci.settings.file import read_at, removed

        before = read_at(folder, base)
        self.findings += change.weakened(before, after)
        self.findings += change.removed(removed(folder, base))
        self.new_suppressions += change.new_suppressions(before.suppress, after.suppress)
        return before

    def _report_unknown_clusters(self, folder: Path, names: Iterable[str]) -> None:
        """Note settings of clusters that a config repo does not have; a KubeAid repo has none."""
        from kubeaid_ci.config_repo.cluster import Cluster
        from kubeaid_ci.config_repo.folders import HOME, folders

        if not (folder / HOME).is_dir():
            return
        found = folders(folder)
        known = {name for one in found for name in (one.dir, one.name if isinstance(one, Cluster) else one.dir)}
        for name in (name for name in names if name not in known):
            from kubeaid_ci.settings.rules import SETTINGS_CLUSTER_UNKNOWN
            from kubeaid_ci.suggestion import NAME, suggestion

            message = f"clusters.{name}: no such cluster; {suggestion(name, known, likeness=NAME)}"
            self.findings.append(SETTINGS_CLUSTER_UNKNOWN.at(SETTINGS_FILE, message, subject=name, key=name))

    def _report_misnamed(self, folder: Path) -> None:
        if not any((folder / name).is_file() for name in MISNAMED):
            return
        from kubeaid_ci.settings.file import misnamed
        from kubeaid_ci.settings.rules import SETTINGS_MISNAMED

        for name in misnamed(folder):
            message = f"{folder / name} is not read; rename it to {SETTINGS_FILE}"
            self.findings.append(SETTINGS_MISNAMED.at(name, message, subject=name, key=name, content=name))

    def _base_of(self, folder: Path) -> "Base | None":
        """Return the base of the job's change request, else ``--base``, if it is one of this repository."""
        if not folder.is_dir():
            return None
        from kubeaid_ci.ci.review import base_of
        from kubeaid_ci.settings.file import Base

        request = base_of(folder, os.environ)
        names = request.names if request else ()
        if self._base and folder.resolve() == self._judged:
            names = (*names, self._base)
        return Base(names, request.source if request else "--base") if names else None


def refuse_kubeaid_ref(ctx: click.Context, given: dict[str, Any], reason: str) -> None:
    """Raise if ``--kubeaid-ref`` is on the command line but has no effect.

    A value from the environment or the settings may be meant for other commands.
    """
    before = (ctx.find_root().obj or {}).get("kubeaid_ref")
    after = None if is_from_environment(ctx, "kubeaid_ref") else given.get("kubeaid_ref")
    if before or after:
        raise click.UsageError(f"--kubeaid-ref {after or before} has no effect here: {reason}", ctx)


def refuse_idle(ctx: click.Context, names: Collection[str], reason: str) -> None:
    """Raise for options on the command line, before or after the command, that have no effect in it.

    What the environment sets may be meant for other commands.
    """
    contexts = (ctx, ctx.find_root())
    given = {name for name in names for each in contexts if _is_on_command_line(each, name)}
    if given:
        raise click.UsageError(f"{_listed(ctx, given)} no effect {reason}", ctx)


def _is_on_command_line(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _listed(ctx: click.Context, names: Collection[str]) -> str:
    flags = {one.name: max(one.opts, key=len) for one in ctx.command.params}
    shown = ", ".join(sorted(flags.get(name) or f"--{name}" for name in names))
    return f"{shown} {'has' if len(names) == 1 else 'have'}"


def _chosen(ctx: click.Context, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that are set: the environment, overridden by options before and then after the command."""
    before = ctx.find_root().obj or {}
    ambient = {name: value for name, value in given.items() if is_from_environment(ctx, name)}
    after = {name: value for name, value in given.items() if name not in ambient}
    layers = ((name, value) for layer in (ambient, before, after) for name, value in layer.items())
    return {name: value for name, value in layers if value not in (None, (), False)}


def _kubeaid(given: str | None, settings: "Settings") -> str | None:
    chosen = given or settings.kubeaid
    if chosen:
        return chosen
    return enclosing_kubeaid()


def enclosing_config_repo() -> str | None:
    """Return the config repo around the current folder, relative to it; None if it does not exist."""
    return _enclosing(_is_config_repo)


def enclosing_kubeaid() -> str | None:
    """Return the KubeAid repo around the current folder, relative to it; None if it does not exist."""
    return _enclosing(lambda folder: (folder / _TEMPLATE).is_file())


def _refuse_part_of(config_repo: str, kubeaid: str) -> None:
    """Raise if the KubeAid repo of a settings file is a folder that the config repo itself contains.

    Whoever changes the config repo would then decide what its manifests are compared with. A checkout of its own
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


def _enclosing(is_repository: Callable[[Path], bool]) -> str | None:
    """Return the repository of a kind that the current folder is in, relative to it; None if it is in none.

    The search ends at the top of the Git work tree. Outside of Git only a folder below ``k8s/`` counts as inside.
    """
    here = Path.cwd()
    for place in (here, *here.parents):
        is_inside = place == here or here.relative_to(place).parts[0] == _HOME or _is_in_git(here)
        if is_inside and is_repository(place):
            return os.path.relpath(place, here)
        if (place / ".git").exists():
            return None
    return None


def _is_in_git(folder: Path) -> bool:
    return any((place / ".git").exists() for place in (folder, *folder.parents))


def _is_config_repo(folder: Path) -> bool:
    return (folder / _HOME).is_dir()


def _report(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    from kubeaid_ci.report import FORMATS

    found = []
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or not file or name not in FORMATS:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with a format of {', '.join(FORMATS)}")
        found.append((name, Path(file)))
    return tuple(found)


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "config_repo": click.option(
        "--config-repo", metavar="PATH|URL", help="The config repo (default: the one around the current folder)."
    ),
    "kubeaid": click.option(
        "--kubeaid", metavar="PATH|URL", help="The KubeAid repo (default: the one around the current folder)."
    ),
    "kubeaid_ref": kubeaid_ref_option("worktree"),
    "jobs": click.option(
        "--jobs", type=click.IntRange(1, 1024), metavar="N", help="Number of parallel jobs (default: CPU cores)."
    ),
    "fmt": click.option(
        "--format",
        "fmt",
        type=click.Choice(["text", "json", "markdown"]),
        help="Output format (default: text).",
    ),
    "report": click.option(
        "--report",
        multiple=True,
        metavar="FORMAT=FILE",
        callback=_report,
        help=f"Also write a report ({', '.join(REPORT_FORMATS)}); repeatable.",
    ),
    "fail_on": click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "info", "never"]),
        help="Exit with 1 if a finding has at least this severity (default: error).",
    ),
    "dotenv": click.option(
        "--dotenv",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the outputs as NAME=value lines.",
    ),
    "no_cache": click.option("--no-cache", is_flag=True, help="Do not read or write the cache."),
    "debug": click.option("--debug", is_flag=True, help="Show tracebacks."),
    "quiet": click.option("-q", "--quiet", is_flag=True, help="Do not show progress."),
    "verbose": click.option("-v", "--verbose", is_flag=True, help="Print more, for example what was skipped and why."),
}
