"""Which dependencies of which umbrella charts an update takes to which release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs import charts_look, charts_source
from kubeaid_ci.jobs.charts_bump import Bump, Refused
from kubeaid_ci.jobs.charts_look import Look
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.model.chart import Chart
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.upstream import Failed, FailedKind, Release, Wanted
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan.tracked import tracked
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asks for: charts by name (none: all) but those to `skip`, and one version `to` go to."""

    charts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One umbrella chart, what is to be taken for it, and the group that it is updated with."""

    chart: Chart
    bumps: tuple[Bump, ...] = ()
    refused: Refused | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for each umbrella chart, and the looks at upstream that it was decided from."""

    charts: tuple[Planned, ...]
    looks: tuple[Look, ...]


def plan(repo: ChartRepo, wish: Wish, upstreams: Upstreams, *, settings: Settings, today: date, jobs: int) -> Plan:
    """What to do for each umbrella chart that has an upstream, in order of folder.

    The archives are asked for side by side on the way. Raises `UserError` for a name that is none, and for
    a version that cannot be meant.
    """
    chosen = charts_source.selected(repo.charts, wish.charts)
    asked = tracked(chosen.charts, wish.charts)
    charts_source.selected(repo.charts, wish.skip)  # a misspelled name would skip nothing
    skipped = {one.key for one in tracked(repo.charts.charts, wish.skip)} if wish.skip else set()
    asked = tuple(one for one in asked if one.key not in skipped)
    looks: list[Look] = []
    if wish.to is not None:
        found = [_to(asked, wish.to)]
    else:
        looks = charts_look.look(repo, asked, upstreams, settings=settings, today=today, jobs=jobs)
        found = _together(looks)
    bumps = [bump for one in found for bump in one.bumps]
    answers = upstreams.fetch_all(_wanted(bump.tracked, bump.release.version) for bump in bumps)
    for answer in answers if wish.to is not None else ():
        if isinstance(answer, Failed) and answer.kind is FailedKind.NO_SUCH_VERSION:
            raise UserError(f"--to {wish.to}: {answer.message}")
    return Plan(tuple(found), tuple(looks))


def _together(looks: Sequence[Look]) -> list[Planned]:
    """The looks by umbrella chart; one dependency that could not be asked stops its whole chart."""
    found = []
    for folder in dict.fromkeys(look.tracked.chart.folder for look in looks):
        mine = [look for look in looks if look.tracked.chart.folder == folder]
        chart = mine[0].tracked.chart
        failed = next((look.releases for look in mine if isinstance(look.releases, Failed)), None)
        bumps = tuple(bump for look in mine if (bump := _bump(look)))
        group = next((look.policy.group for look in mine if look.policy.group), None)
        refused = Refused(chart, failed.message, outside=True) if failed else None
        found.append(Planned(chart, () if failed else bumps, refused, group))
    return found


def _bump(look: Look) -> Bump | None:
    """What to take: the newest that is allowed; of what is declared and not vendored, that at least."""
    one, newest = look.tracked, look.choice.newest
    if newest is not None:
        return Bump(one, newest)
    if one.current or isinstance(look.releases, Failed):
        return None
    declared = next((release for release in look.releases if release.version == one.dependency.version), None)
    return Bump(one, declared) if declared else None


def _to(asked: Sequence[Tracked], version: str) -> Planned:
    Version.parse(version)
    if len(asked) != 1:
        names = ", ".join(one.key for one in asked[:10]) or "none"
        raise UserError(
            f"--to {version}: name the one chart that is to go there, as umbrella/chart; chosen are {names}"
        )
    one = asked[0]
    bumps = () if one.current == version else (Bump(one, Release(version)),)
    return Planned(one.chart, bumps)


def _wanted(one: Tracked, version: str) -> Wanted:
    return Wanted(one.dependency.name, version, one.dependency.repository)
