"""Changes of everything that later verifications trust, compared with the base."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from kubeaid_ci.charts.ledger import change, sightings_change
from kubeaid_ci.charts.ledger.ledger import Ledger
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.verify import source_change
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.git import history
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.helm.chart import Charts
from kubeaid_ci.settings import Settings, parse


def against(
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
    declared = {f"{chart.folder}/{one.name}" for chart in chosen.charts for one in chart.dependencies}
    yield from change.check(repo.ledger, Ledger(known, exists=base.ledger.exists), vendored, declared=declared)
    if base.ledger.exists:
        yield from change.not_compared(base.ledger, vendored, compared=compared)
    if repo.ledger.seen != base.ledger.seen:
        yield from sightings_change.check(
            _seen(repo.ledger, is_chosen),
            _seen(base.ledger, is_chosen),
            base_day=history.day(base.snapshot.root, base.snapshot.commit) if base.snapshot.commit else None,
            today=today,
        )
    yield from change.patches(repo.ledger, repo.snapshot.files, base.snapshot.files)
    folders = {chart.folder for chart in repo.charts.charts}
    yield from source_change.repositories(chosen.charts, base.charts.charts, folders=folders)
    now, before = _settings(repo.snapshot), _past_settings(base.snapshot)
    yield from source_change.reach(_reach(now), _reach(before))
    yield from source_change.suppressions(now.suppress, before.suppress)
    yield from source_change.leniency(now.fail_on, before.fail_on)


def _seen(ledger: Ledger, is_chosen: Callable[[str], bool]) -> Ledger:
    """The ledger with the sightings of the chosen charts only."""
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
    """Those of the base; where it has none that can be read, everything is new."""
    try:
        return _settings(snapshot)
    except UserError:
        return Settings()


def _reach(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    how = settings.upstreams
    bundle = (how.ca_bundle,) if how.ca_bundle else ()
    named = {"allow": how.allow, "plain-http": how.plain_http, "ca-bundle": bundle}
    return {"mirrors": how.mirrors} | {name: dict.fromkeys(some, "") for name, some in named.items()}
