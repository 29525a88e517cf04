"""The options that every command takes, before or after its name, and how they are resolved.

The command line wins over the environment, the environment over the settings file.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from kubeaid_ci.cli.environment import is_from_environment, is_on_command_line
from kubeaid_ci.cli.repositories import enclosing_config_repo, enclosing_kubeaid, refuse_part_of_config_repo
from kubeaid_ci.cli.settings_in_force import SettingsReader, read_settings, repository_of_base
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import FailOn
from kubeaid_ci.report.report import REPORT_FORMATS

if TYPE_CHECKING:
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.findings.suppression import Suppression
    from kubeaid_ci.git.revision import Revision
    from kubeaid_ci.render.options import RunOptions
    from kubeaid_ci.settings import Settings

_F = TypeVar("_F", bound=Callable[..., Any])

# Formats of what a command prints besides its report, and the format of the report then.
_REPORT_FORMATS = {"yaml": "text"}


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Options of reporting: the format on standard output, and more reports as format and file."""

    fmt: str = "text"
    fail_on: FailOn = FailOn.ERROR
    reports: tuple[tuple[str, Path], ...] = ()
    dotenv: Path | None = None
    verbose: bool = False

    @property
    def writes_json(self) -> bool:
        """True if standard output or a report is JSON."""
        return "json" in self._formats

    @property
    def shows_contents(self) -> bool:
        """True if standard output or a report is a page, which has the content of objects."""
        return not self._formats.isdisjoint(("markdown", "html"))

    @property
    def _formats(self) -> set[str]:
        return {self.fmt, *(name for name, _ in self.reports)}


class RunArguments(TypedDict):
    """The arguments that every job takes from the common options."""

    settings: "Settings"
    jobs: int
    cache: bool


class FleetArguments(RunArguments):
    """The arguments that every job on rendered clusters takes from the common options."""

    kubeaid_ref: "Revision"
    progress: "Callable[[int, int], None]"


@dataclass(frozen=True, slots=True)
class Options:
    """The common options, resolved."""

    config_repo: str
    kubeaid: str | None
    kubeaid_ref: "Revision"
    jobs: int
    cache: bool
    quiet: bool
    settings: "Settings"
    output: OutputOptions
    kubeaid_is_explicit: bool = True
    """False if only a settings file names the KubeAid repo."""
    settings_findings: "tuple[Finding, ...]" = ()
    """About the settings files: what the change under review makes weaker (those of its base are in force), and files
    that are not read."""
    new_suppressions: "tuple[Suppression, ...]" = ()
    """Those that the change under review adds: they hold after the merge."""
    config_repo_is_explicit: bool = True
    """False if the config repo is only the one around the current folder, or the current folder."""

    @property
    def run_arguments(self) -> RunArguments:
        """The settings, the workers and the cache of a job."""
        return {"settings": self.settings, "jobs": self.jobs, "cache": self.cache}

    def fleet_arguments(self, repositories: "Repositories", progress: "Progress") -> FleetArguments:
        """Return the arguments of a job on rendered clusters, besides the two repositories."""
        return {"kubeaid_ref": repositories.kubeaid_ref, "progress": progress.rendered, **self.run_arguments}

    def run(self, progress: "Progress") -> "RunOptions":
        """Return the options of a job that renders."""
        from kubeaid_ci.render.options import RunOptions

        return RunOptions(self.settings, self.jobs, self.cache, progress=progress.rendered)


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


def resolve(
    ctx: click.Context,
    values: dict[str, Any],
    *,
    needs_kubeaid: bool = True,
    kubeaid_ref: str = "worktree",
    settings_of: "Callable[[Path], Settings]" = read_settings,
    base: str | None = None,
    base_of: str | None = None,
) -> Options:
    """Return the common options from the command line, the environment and the settings files, best first.

    `kubeaid_ref` is the default of the command, as a text. `base` is the revision before the change that the command
    looks at, in the repository `base_of` (``config`` or ``kubeaid``; default: the one in the current folder). Its
    settings, or those of the base of the CI job's change request, are in force. Raises `UserError` if a command that
    needs a KubeAid repo can find none.
    """
    from kubeaid_ci.git.revision import parse_revision

    chosen = _chosen(ctx, values)
    if chosen.get("quiet") and chosen.get("verbose"):
        raise click.UsageError("-q and -v contradict each other; leave one out", ctx)
    config_repo = str(chosen.get("config_repo") or enclosing_config_repo() or ".")
    reviewed = repository_of_base(base_of, config_repo, chosen.get("kubeaid")) if base else None
    reader = SettingsReader(settings_of, base, reviewed)
    settings = reader.read(Path(config_repo))
    kubeaid, kubeaid_is_explicit = _kubeaid(chosen.get("kubeaid"), settings, config_repo)
    if kubeaid is None and needs_kubeaid:
        raise UserError("no KubeAid repo: name one with --kubeaid PATH or KUBEAID_CI_KUBEAID")
    if kubeaid and Path(kubeaid).resolve() != Path(config_repo).resolve():
        settings = settings.merge(reader.read(Path(kubeaid)))
    reader.report_general_settings(Path(config_repo), kubeaid, settings)
    return Options(
        config_repo=config_repo,
        kubeaid=kubeaid,
        kubeaid_ref=parse_revision(chosen.get("kubeaid_ref") or settings.kubeaid_ref or kubeaid_ref),
        jobs=chosen.get("jobs") or settings.jobs or os.cpu_count() or 1,
        cache=not chosen.get("no_cache"),
        quiet=bool(chosen.get("quiet")),
        settings=settings,
        output=_output_options(chosen, settings),
        config_repo_is_explicit=bool(chosen.get("config_repo")),
        kubeaid_is_explicit=kubeaid_is_explicit,
        settings_findings=tuple(reader.findings),
        new_suppressions=tuple(reader.new_suppressions),
    )


def _kubeaid(chosen: str | None, settings: "Settings", config_repo: str) -> tuple[str | None, bool]:
    """Return the KubeAid repo, and whether something else than the settings file of the config repo names it."""
    if chosen or settings.kubeaid is None:
        return chosen or enclosing_kubeaid(), True
    refuse_part_of_config_repo(config_repo, settings.kubeaid)
    return settings.kubeaid, False


def _output_options(chosen: dict[str, Any], settings: "Settings") -> OutputOptions:
    return OutputOptions(
        fmt=_REPORT_FORMATS.get(str(chosen.get("fmt")), chosen.get("fmt")) or "text",
        fail_on=FailOn(chosen.get("fail_on") or settings.fail_on or FailOn.ERROR),
        reports=tuple(chosen.get("report") or ()),
        dotenv=chosen.get("dotenv"),
        verbose=bool(chosen.get("verbose")),
    )


def chosen_format(ctx: click.Context, values: dict[str, Any]) -> str | None:
    """Return the ``--format`` after the command, before it or from the environment; None if it is not set."""
    return _chosen(ctx, values).get("fmt")


def refuse_kubeaid_ref(ctx: click.Context, values: dict[str, Any], reason: str) -> None:
    """Raise if ``--kubeaid-ref`` is on the command line but has no effect.

    A value from the environment or the settings may be meant for other commands.
    """
    before = (ctx.find_root().obj or {}).get("kubeaid_ref")
    after = None if is_from_environment(ctx, "kubeaid_ref") else values.get("kubeaid_ref")
    if before or after:
        raise click.UsageError(f"--kubeaid-ref {after or before} has no effect here: {reason}", ctx)


def refuse_pinned(ctx: click.Context, options: Options, values: dict[str, Any]) -> None:
    """Raise if the command line asks for what clusters pin, in a command about charts, which belong to no cluster."""
    from kubeaid_ci.git.revision import Pinned

    if isinstance(options.kubeaid_ref, Pinned):
        refuse_kubeaid_ref(ctx, values, "charts belong to no cluster, so no revision is pinned; name one")


def refuse_idle(ctx: click.Context, names: Collection[str], reason: str) -> None:
    """Raise for options on the command line, before or after the command, that have no effect in it.

    What the environment sets may be meant for other commands.
    """
    contexts = (ctx, ctx.find_root())
    idle = {name for name in names for each in contexts if is_on_command_line(each, name)}
    if idle:
        flags = {parameter.name: max(parameter.opts, key=len) for parameter in ctx.command.params}
        listed = ", ".join(sorted(flags.get(name) or f"--{name}" for name in idle))
        raise click.UsageError(f"{listed} {'has' if len(idle) == 1 else 'have'} no effect {reason}", ctx)


def _chosen(ctx: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Return the options that are set: the environment, overridden by options before and then after the command."""
    before = ctx.find_root().obj or {}
    ambient = {name: value for name, value in values.items() if is_from_environment(ctx, name)}
    after = {name: value for name, value in values.items() if name not in ambient}
    layers = ((name, value) for layer in (ambient, before, after) for name, value in layer.items())
    return {name: value for name, value in layers if value not in (None, (), False)}


def _report(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    """Parse the values of ``--report``. Raises `BadParameter` if one is not ``FORMAT=FILE``."""
    from kubeaid_ci.report.formats import FORMATS

    reports = []
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or not file or name not in FORMATS:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with a format of {', '.join(FORMATS)}")
        reports.append((name, Path(file)))
    return tuple(reports)


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
