"""From newer releases to open change requests on the KubeAid repo: one for each umbrella chart, or each group."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.edges import settings_file
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.jobs import charts_look, charts_source
from kubeaid_ci.jobs.charts_add import new_chart
from kubeaid_ci.jobs.charts_effect import Effects
from kubeaid_ci.jobs.charts_make import Made, make
from kubeaid_ci.jobs.charts_offer import ChartPublication, Offer
from kubeaid_ci.jobs.charts_plan import Wish
from kubeaid_ci.jobs.charts_prepare import Workbench
from kubeaid_ci.jobs.charts_update import lock_day
from kubeaid_ci.jobs.publish_desk import Desk, set_up
from kubeaid_ci.jobs.publish_target import resolve
from kubeaid_ci.model.chart import CHARTS
from kubeaid_ci.model.ledger import LEDGER, PATCHES
from kubeaid_ci.model.publication import Wishes
from kubeaid_ci.plan import chart_branches, platform_files
from kubeaid_ci.settings import Settings

Making = Callable[[Workbench, Path, Settings], Made]
"""Makes what is offered from a checkout, by settings."""

# Everything is made again so many times where the base branch moves under our hands.
_TRIES = 3


def publish_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    to: str | None = None,
    skip: Sequence[str] = (),
    overwrite: bool = False,
    config_repo: str | os.PathLike[str] | None = None,
    wishes: Wishes | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int = 8,
    cache: bool = True,
) -> ChartPublication:
    """Offer updates as change requests: one for each umbrella chart, or for each group of the settings.

    `kubeaid` is an address, or a checkout whose ``origin`` is published to; updates start from the newest
    state of its base branch, and the checkout itself is only read. With a `config_repo` (a folder) each
    change request tells what its update does to every cluster. A change request that nothing is left of is
    closed where all charts were looked at. The other options are those of `update_charts`.

    One that cannot be published stops no other. Raises `UserError` where nothing can be published at all
    and `OutsideError` where the remote fails; every run is safe to repeat.
    """
    wish = Wish(tuple(charts), tuple(skip), to)

    def making(bench: Workbench, root: Path, known: Settings) -> Made:
        ready = replace(bench, overwrite=overwrite)
        return make(ready, root, WORKTREE, wish, settings=known, jobs=jobs, cache=cache)

    upstreams = upstreams or charts_look.connect(settings or Settings(), jobs=jobs, cache=cache)
    run = _Run(upstreams, today or datetime.now(UTC).date(), settings or Settings(), config_repo, jobs, cache)
    return run.offer(str(kubeaid), wishes or Wishes(), making, everything=wish == Wish())


def publish_new_chart(
    kubeaid: str | os.PathLike[str],
    name: str,
    *,
    repository: str,
    version: str | None = None,
    wishes: Wishes | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int = 8,
    cache: bool = True,
) -> ChartPublication:
    """Offer a new umbrella chart as a change request; the options are those of `add_chart` and `publish_charts`."""

    def making(bench: Workbench, root: Path, known: Settings) -> Made:
        return new_chart(bench, root, name, repository, version, settings=known, jobs=jobs, cache=cache)

    upstreams = upstreams or charts_look.connect(settings or Settings(), jobs=jobs, cache=cache)
    run = _Run(upstreams, today or datetime.now(UTC).date(), settings or Settings(), None, jobs, cache)
    return run.offer(str(kubeaid), wishes or Wishes(), making, everything=False)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run works with, whatever it offers."""

    upstreams: Upstreams
    today: date
    settings: Settings
    config_repo: str | os.PathLike[str] | None
    jobs: int
    cache: bool

    def offer(self, kubeaid: str, wishes: Wishes, making: Making, *, everything: bool) -> ChartPublication:
        """Offer what is made from the newest state of the base branch, by its own settings where ours do not say."""
        # Whatever the environment says of a base branch, it says of the config repo.
        target = replace(resolve(kubeaid, wishes), base=wishes.base)
        with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
            for number in range(_TRIES):
                desk = set_up(target, Path(folder) / str(number), wanted=CHARTS)
                repo = charts_source.read(desk.checkout, WORKTREE, cache=self.cache)
                known = self.settings.merge(settings_file.read(desk.checkout))
                with repo.snapshot:
                    bench = Workbench(repo, self.upstreams, self.today, lock_day(desk.checkout))
                    made = making(bench, desk.checkout, known)
                heads = _look(desk)
                if not _is_outdated(desk, heads):
                    offer = Offer(target, desk, made, repo.ledger, self._effects(desk, known), _folders(desk))
                    return offer.all(heads, everything=everything)
        raise OutsideError(
            f"{target.access.url}: {desk.base} moved each time while charts were updated; run again later"
        )

    def _effects(self, desk: Desk, known: Settings) -> Effects:
        config = Path(self.config_repo) if self.config_repo else None
        return Effects(desk, config, known, jobs=self.jobs, cache=self.cache)


def _look(desk: Desk) -> Heads:
    """The base, which is fetched where it has moved, and our branches."""
    ours = (f"{chart_branches.CHARTS}/*", f"{chart_branches.GROUPS}/*", chart_branches.SIGHTS)
    return desk.workshop.see(desk.base, *ours, fetch=(desk.base,))


def _is_outdated(desk: Desk, heads: Heads) -> bool:
    """Whether the base has moved since it was cloned, in what updates are made from."""
    now = heads.commits.get(desk.base, desk.commit)
    changed = desk.workshop.changed_paths(desk.commit, now) if now != desk.commit else ()
    folders = (f"{CHARTS}/", f"{PATCHES}/")
    return any(path.startswith(folders) or path in (LEDGER, *platform_files.FILES) for path in changed)


def _folders(desk: Desk) -> frozenset[str]:
    return frozenset(path.name for path in (desk.checkout / CHARTS).iterdir() if (path / "Chart.yaml").is_file())
