"""Compares with the base what later verifications trust: ledger, patches, repositories, suppressions and settings."""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from kubeaid_ci.charts.ledger import change
from kubeaid_ci.charts.ledger.ledger import Ledger
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import FailOn, Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.findings.suppression import SETTINGS_FILE, Suppression
from kubeaid_ci.git import history
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.helm.chart import Chart, Charts, Dependency
from kubeaid_ci.helm.repository import address, display_address, host
from kubeaid_ci.settings import Settings, parse

_REPOSITORY = RULES["chart/repository-changed"]
_SUPPRESSION = RULES["chart/suppression-changed"]
# Of the hosts of seventy real repositories no two are as alike as a name and its misspelling.
_ALIKE = 0.9


def check(
    repo: ChartRepo,
    base: ChartRepo,
    *,
    chosen: Charts,
    vendored: Sequence[Vendored],
    compared: Collection[str],
    everything: bool,
    today: date,
) -> Iterator[Finding]:
    """Yield what changed in ledger, patches, repositories and settings, of the chosen charts only.

    `compared` are the keys of the charts that this run compared with their upstream.
    """
    names = {chart.folder for chart in chosen.charts}

    def is_chosen(key: str) -> bool:
        return everything or key.partition("/")[0] in names

    known = {key: entry for key, entry in base.ledger.entries.items() if is_chosen(key)}
    declared = {f"{chart.folder}/{dependency.name}" for chart in chosen.charts for dependency in chart.dependencies}
    yield from change.check(repo.ledger, Ledger(known, exists=base.ledger.exists), vendored, declared=declared)
    if base.ledger.exists:
        yield from change.not_compared(base.ledger, vendored, compared=compared)
    if repo.ledger.seen != base.ledger.seen:
        yield from change.check_sightings(
            _seen(repo.ledger, is_chosen),
            _seen(base.ledger, is_chosen),
            base_day=history.day(base.snapshot.root, base.snapshot.commit) if base.snapshot.commit else None,
            today=today,
        )
    yield from change.patches(repo.ledger, repo.snapshot.files, base.snapshot.files)
    folders = {chart.folder for chart in repo.charts.charts}
    yield from repositories(chosen.charts, base.charts.charts, folders=folders)
    now, before = _settings(repo.snapshot), _past_settings(base.snapshot)
    yield from reach(_reach(now), _reach(before))
    yield from suppressions(now.suppress, before.suppress)
    yield from leniency(now.fail_on, before.fail_on)


def _seen(ledger: Ledger, is_chosen: Callable[[str], bool]) -> Ledger:
    """Return the ledger with the sightings of the chosen charts only."""
    if ledger.seen is None:
        return ledger
    return replace(ledger, seen={key: some for key, some in ledger.seen.items() if is_chosen(key)})


def _settings(snapshot: Snapshot) -> Settings:
    if SETTINGS_FILE not in snapshot.files:
        return Settings()
    if not snapshot.files[SETTINGS_FILE].is_file:
        raise UserError(f"{SETTINGS_FILE}: a link; the settings must be a file of the repository")
    return parse(snapshot.read(SETTINGS_FILE).decode("utf-8", "replace"), where=SETTINGS_FILE)


def _past_settings(snapshot: Snapshot) -> Settings:
    """Return the settings of the base; empty if they cannot be read, so that everything is new."""
    try:
        return _settings(snapshot)
    except UserError:
        return Settings()


def _reach(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    how = settings.upstreams
    bundle = (how.ca_bundle,) if how.ca_bundle else ()
    named = {"allow": how.allow, "plain-http": how.plain_http, "ca-bundle": bundle}
    return {"mirrors": how.mirrors} | {name: dict.fromkeys(some, "") for name, some in named.items()}


def repositories(charts: Iterable[Chart], base: Sequence[Chart], *, folders: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the dependencies that come from elsewhere than in the base, and new ones from a host like a known one.

    `folders` has all umbrella charts that there are now: what a new one declares is compared with those that are gone.
    """
    hosts = {found for chart in base for dependency in chart.dependencies if (found := host(dependency.repository))}
    old = {chart.folder: [chart] for chart in base}
    gone = [chart for chart in base if folders and chart.folder not in folders]
    for chart in charts:
        for dependency in chart.dependencies:
            then = (each for were in old.get(chart.folder, gone) for each in were.dependencies)
            known = dict.fromkeys(each.repository for each in then if each.name == dependency.name)
            if known and address(dependency.repository) not in map(address, known):
                came = " and ".join(map(display_address, known))
                yield _at(
                    chart,
                    dependency,
                    f"{dependency.name} came from {came}, now from {display_address(dependency.repository)}",
                )
            elif not known and (alike := _alike(dependency.repository, hosts)):
                host_now, known_host = display_address(dependency.repository), display_address(alike)
                message = f"{dependency.name} comes from {host_now}, a new host that looks like {known_host}"
                yield _at(chart, dependency, message)


def reach(now: Mapping[str, Mapping[str, str]], base: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """Yield the settings of how upstreams are reached that are not those of the base, by name and what each is for."""
    for name in dict.fromkeys((*base, *now)):
        old, new = base.get(name, {}), now.get(name, {})
        for what in sorted({*old, *new}):
            if old.get(what) != new.get(what):
                message = f"upstreams: {name}: {_change(display_address(what), old.get(what), new.get(what))}"
                yield _REPOSITORY.at(SETTINGS_FILE, message, subject="upstreams", key=f"{name} {what}")


def suppressions(now: Iterable[Suppression], base: Collection[Suppression]) -> Iterator[Finding]:
    """Yield what silences a finding about charts and did not in the base."""
    known = {_plain(one) for one in base}
    for suppression in now:
        if suppression.rule.startswith("chart/") and _plain(suppression) not in known:
            message = f"{suppression.rule} is silenced for {suppression.subject} from now on: {suppression.reason}"
            yield _SUPPRESSION.at(
                SETTINGS_FILE, message, subject=suppression.rule, line=suppression.line, key=suppression.subject
            )


def leniency(now: FailOn | None, base: FailOn | None) -> Iterator[Finding]:
    """Yield a new word on which findings make a run fail, where fewer do than before."""
    before, after = base or FailOn.ERROR, now or FailOn.ERROR
    if any(before.reached_by(severity) and not after.reached_by(severity) for severity in Severity):
        message = f"runs fail on {after} from now on, and not on {before}"
        yield _SUPPRESSION.at(SETTINGS_FILE, message, subject="fail-on", severity=Severity.ERROR, key="fail-on")


def _alike(repository: str, hosts: Collection[str]) -> str | None:
    found = host(repository)
    if not found or found in hosts:
        return None
    return next(iter(difflib.get_close_matches(found, sorted(hosts), 1, _ALIKE)), None)


def _change(what: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"{what} is new" if new in (None, "") else f"{what} now uses {display_address(new)}"
    return (
        f"{what} was removed"
        if new is None
        else f"{what} used {display_address(old)} and now uses {display_address(new)}"
    )


def _plain(suppression: Suppression) -> tuple[object, ...]:
    return suppression.rule, suppression.subject, suppression.path, suppression.until


def _at(chart: Chart, dependency: Dependency, message: str) -> Finding:
    subject = f"{chart.folder}/{dependency.name}"
    return _REPOSITORY.at(
        dependency.path, message, subject=subject, line=dependency.line, severity=Severity.ERROR, key=dependency.name
    )
