"""Updates the ledger: new charts are added, and recorded content is replaced only on request."""

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from datetime import date

from kubeaid_ci import documents
from kubeaid_ci.charts.ledger.ledger import OWN, UPSTREAM, Ledger, LedgerEntry, Sightings
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Chart
from kubeaid_ci.helm.dependencies import origins
from kubeaid_ci.helm.published import Fetched

_HEADER = "# What each vendored chart held when it was reviewed; written by kubeaid-ci charts verify --update-ledger.\n"


def vendored(charts: Iterable[Chart], ledger: Ledger | None = None) -> tuple[Vendored, ...]:
    """Return the charts that are vendored right below an umbrella chart, in order of key.

    Links to our own charts are left out, unless an upstream is declared or the ledger records a folder: then the
    link replaces vendored content.
    """
    known = ledger.entries if ledger else {}
    every = [
        Vendored(chart.folder, subchart, dependency) for chart in charts for subchart, dependency in origins(chart)
    ]
    found = [one for one in every if not one.subchart.is_link or one.repository or one.key in known]
    return tuple(sorted(found, key=lambda chart: chart.key))


def updated(
    ledger: Ledger, charts: Iterable[Vendored], *, today: date, everything: bool = True
) -> tuple[Ledger, tuple[str, ...]]:
    """Return the ledger with charts and versions that it does not know, and what was done, one plain line each.

    An entry of the same version stays as it is, whatever the chart holds now. Entries of charts that
    are gone go too where `charts` are `everything` there is.
    """
    entries = dict(ledger.entries)
    lines = []
    for chart in charts:
        known = entries.get(chart.key)
        if not _is_recordable(chart):
            continue
        if known is None:
            entries[chart.key] = _new(chart, today)
            note = " as own: nothing declares where it comes from" if entries[chart.key].origin == OWN else ""
            lines.append(f"added {chart.key} {chart.subchart.version}{note}")
        elif known.version != chart.subchart.version:
            entries[chart.key] = _moved(known, chart, today)
            lines.append(f"{chart.key} moved from {known.version} to {chart.subchart.version}")
    if everything:
        gone = sorted(entries.keys() - {chart.key for chart in charts})
        for key in gone:
            del entries[key]
            lines.append(f"removed {key}, which is no longer vendored")
    return replace(ledger, entries=dict(sorted(entries.items())), exists=True), tuple(lines)


def accepted(
    ledger: Ledger, charts: Iterable[Vendored], keys: Collection[str], *, reason: str
) -> tuple[Ledger, tuple[str, ...]]:
    """Return the ledger with what these charts hold now, and why; names are keys or umbrella charts.

    The earlier data of upstream is removed, so that the next comparison records it again. Raises
    `UserError` for a name that is in neither the ledger nor the repository.
    """
    entries = dict(ledger.entries)
    chosen = [one for one in charts if (one.key in keys or one.umbrella in keys) and _is_recordable(one)]
    for name in keys:
        if not any(name in (one.key, one.umbrella) and one.key in entries for one in chosen):
            raise UserError(f"{name}: the ledger has no such chart to accept; name one as umbrella/folder")
    lines = []
    for chart in chosen:
        if (known := entries.get(chart.key)) is None:
            continue
        tree = None if known.origin == OWN else chart.subchart.tree
        content = LedgerEntry(chart.subchart.version, known.first_seen, tree, chart.repository, known.origin)
        entries[chart.key] = replace(content, patches=known.patches, removed=known.removed, reason=reason)
        lines.append(f"accepted {chart.key} {chart.subchart.version}: {reason}")
    return replace(ledger, entries=dict(sorted(entries.items())), exists=True), tuple(lines)


def recorded(entry: LedgerEntry, fetched: Fetched) -> LedgerEntry:
    """Return the entry with missing data added from upstream; existing data is kept."""
    if entry.sha256 is not None:
        return entry
    names = ("url", "host", "sha256", "index_digest", "manifest_digest", "layer_digest")
    return replace(entry, **{name: getattr(fetched, name) for name in names})


def first_seen_lines(before: Ledger, after: Ledger) -> tuple[str, ...]:
    """Return one plain line for each release that is new, or has another content than it had."""
    return tuple(
        line
        for key, sightings in (after.seen or {}).items()
        for line in _sightings_told(key, (before.seen or {}).get(key, {}), sightings)
    )


def _sightings_told(key: str, before: Sightings, after: Sightings) -> Iterable[str]:
    for version, now in after.items():
        old = before.get(version)
        if old is None:
            yield f"first seen today: {key} {version}"
        elif old.digest and now.digest != old.digest:
            yield f"first seen today with this content: {key} {version}, which was published again"
        elif old.digest != now.digest:
            yield f"recorded the digest of {key} {version}"


def text(ledger: Ledger) -> str:
    """Return the ledger as YAML: one small block a chart, in order of key."""
    charts = {key: _plain(entry) for key, entry in sorted(ledger.entries.items())}
    if ledger.seen is None:
        return _HEADER + documents.dump({"charts": charts})
    seen = {key: _plain_sightings(some) for key, some in ledger.seen.items() if some}
    return _HEADER + documents.dump({"charts": charts, "seen": seen})


def _is_recordable(chart: Vendored) -> bool:
    """Return whether a chart can be trusted: no link, readable metadata and a name that is text."""
    return bool(chart.subchart.version) and not chart.subchart.is_link and chart.is_named_in_text


def _new(chart: Vendored, today: date) -> LedgerEntry:
    if not chart.comes_from_elsewhere:
        return LedgerEntry(chart.subchart.version, today, origin=OWN)
    return LedgerEntry(chart.subchart.version, today, chart.subchart.tree, chart.repository, UPSTREAM)


def _moved(known: LedgerEntry, chart: Vendored, today: date) -> LedgerEntry:
    """Return the entry of a new version: new content, with what was declared about the chart."""
    tree = None if known.origin == OWN else chart.subchart.tree
    entry = LedgerEntry(chart.subchart.version, today, tree, chart.repository, known.origin)
    return replace(entry, patches=known.patches, removed=known.removed)


def _plain_sightings(sightings: Sightings) -> dict[str, str]:
    """Return each sighting as ``day``, or ``day sha256:digest``."""
    return {
        version: one.day.isoformat() + (f" sha256:{one.digest}" if one.digest else "")
        for version, one in sightings.items()
    }


def _plain(entry: LedgerEntry) -> dict[str, object]:
    values: dict[str, object] = {}
    for field in fields(entry):
        value = getattr(entry, field.name)
        if field.name == "line" or value in (None, "", ()):
            continue
        values[field.name] = (
            value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
        )
    return values
