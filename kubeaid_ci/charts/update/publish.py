"""Publishes updates of charts as change requests on the KubeAid repo: one for each umbrella chart or group."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.charts import source
from kubeaid_ci.charts.ledger.ledger import LEDGER, PATCHES
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import offer as chart_branches
from kubeaid_ci.charts.update import platform_files, upstream_status
from kubeaid_ci.charts.update.add import NewChart
from kubeaid_ci.charts.update.effect import Effects
from kubeaid_ci.charts.update.job import PreparedUpdates, UpdateJob
from kubeaid_ci.charts.update.offer import ChartPublication, ChartPublisher
from kubeaid_ci.charts.update.plan import UpdateRequest
from kubeaid_ci.charts.update.prepare import UpdateContext
from kubeaid_ci.charts.update.update import lock_time
from kubeaid_ci.charts.update.upstream_status import Progress
from kubeaid_ci.diff.comparison import ScanNote
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.publishing import branches, preview
from kubeaid_ci.publishing.checkout import PublishCheckout, clone_base
from kubeaid_ci.publishing.target import resolve
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.settings import Settings, file
from kubeaid_ci.settings.publish import PublishOptions

Prepare = Callable[[UpdateJob], PreparedUpdates]
"""Prepares what is published from a checkout."""

# Everything is prepared again if the base branch moves meanwhile.
_TRIES = 3


def publish_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    to: str | None = None,
    skip: Sequence[str] = (),
    overwrite: bool = False,
    config_repo: str | os.PathLike[str] | None = None,
    options: PublishOptions | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    scan_note: ScanNote | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> ChartPublication:
    """Publish updates as change requests: one for each umbrella chart, or for each group of the settings.

    `kubeaid` is an address, or a checkout whose ``origin`` is published to. Updates start from the newest state of its
    base branch, and the checkout itself is only read. With a `config_repo` (a folder) each change request describes
    the effect of its update on each cluster. If all charts were looked up, unneeded change requests are
    closed. `scan_note` describes what the change of images does to vulnerabilities (`scan.pairs.note_of`). The other
    options are those of `update_charts`.

    A change request that fails does not block the others. Raises `UserError` if nothing can be published at all and
    `OutsideError` if the remote fails. Every run is safe to repeat.
    """
    request = UpdateRequest(tuple(charts), tuple(skip), to)
    upstreams = upstreams or upstream_status.connect(settings or Settings(), jobs=jobs, cache=cache)
    day = today or datetime.now(UTC).date()
    run = _Run(upstreams, day, settings or Settings(), config_repo, jobs, cache, overwrite, progress, scan_note)
    everything = request == UpdateRequest()
    command = "kubeaid-ci charts update --publish"
    return run.publish(
        str(kubeaid),
        options or PublishOptions(),
        lambda job: job.updates(request),
        everything=everything,
        command=command,
    )


def publish_new_chart(
    kubeaid: str | os.PathLike[str],
    name: str,
    *,
    repository: str,
    version: str | None = None,
    options: PublishOptions | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> ChartPublication:
    """Publish a new umbrella chart as a change request; the options are those of `add_chart` and `publish_charts`."""
    upstreams = upstreams or upstream_status.connect(settings or Settings(), jobs=jobs, cache=cache)
    day = today or datetime.now(UTC).date()
    run = _Run(upstreams, day, settings or Settings(), None, jobs, cache, progress=progress)
    chart = NewChart(name, repository, version)
    command = f"kubeaid-ci charts add {name} --publish"
    found = run.publish(str(kubeaid), options or PublishOptions(), chart.prepare, everything=False, command=command)
    return replace(found, updates=replace(found.updates, command="charts add"))


@dataclass(frozen=True, slots=True)
class _Run:
    """The context of a publishing run."""

    upstreams: Upstreams
    today: date
    settings: Settings
    config_repo: str | os.PathLike[str] | None
    jobs: int | None
    cache: bool
    overwrite: bool = False
    progress: Progress | None = None
    scan_note: ScanNote | None = None

    def publish(
        self, kubeaid: str, options: PublishOptions, prepare: Prepare, *, everything: bool, command: str
    ) -> ChartPublication:
        """Publish what is prepared from the newest state of the base branch."""
        # A base branch from the environment is meant for the config repo.
        target = replace(resolve(kubeaid, options), base=options.base)
        with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
            for number in range(_TRIES):
                if options.preview:
                    preview.clear(Path(options.preview))
                checkout = clone_base(target, Path(folder) / str(number), wanted=CHARTS)
                # The settings of the base branch apply to what ours leave open.
                known = self.settings.merge(file.read(checkout.folder))
                repo = source.read(checkout.folder, WORK_TREE, cache=self.cache)
                with repo.snapshot:
                    made = prepare(self._job(checkout, repo, known))
                heads = _look(checkout)
                if not _is_outdated(checkout, heads):
                    config = Path(self.config_repo) if self.config_repo else None
                    effects = Effects(checkout, config, RunOptions(known, self.jobs, self.cache))
                    prefix = branches.prefix(checkout.base, heads.default)
                    folders = _folders(checkout)
                    context = (target, checkout, made, repo.ledger, effects, folders, command, prefix)
                    publisher = ChartPublisher(*context, scan_note=self.scan_note)
                    return publisher.publish_all(heads, everything=everything)
        raise OutsideError(f"{target.access.url}: {checkout.base} kept moving during the update; run again later")

    def _job(self, checkout: PublishCheckout, repo: ChartRepo, known: Settings) -> UpdateJob:
        context = UpdateContext(
            repo,
            self.upstreams,
            self.today,
            lock_time(checkout.folder),
            self.overwrite,
            known.kubernetes_versions,
        )
        return UpdateJob(context, checkout.folder, WORK_TREE, known, self.jobs, self.cache, {}, self.progress)


def _look(checkout: PublishCheckout) -> Heads:
    """Return the base, fetched if it has moved, and our branches, whether it is the default branch or not."""
    prefixes = (branches.prefix(checkout.base, checkout.base), branches.prefix(checkout.base, None))
    ours = [name for prefix in prefixes for name in chart_branches.looked_at(prefix)]
    return checkout.repository.fetch_heads(checkout.base, *ours, fetch=(checkout.base,))


def _is_outdated(checkout: PublishCheckout, heads: Heads) -> bool:
    """Return whether the base has moved since it was cloned, in what updates are made from."""
    now = heads.commits.get(checkout.base, checkout.commit)
    changed = checkout.repository.changed_paths(checkout.commit, now) if now != checkout.commit else ()
    folders = (f"{CHARTS}/", f"{PATCHES}/")
    return any(path.startswith(folders) or path in (LEDGER, *platform_files.FILES) for path in changed)


def _folders(checkout: PublishCheckout) -> frozenset[str]:
    return frozenset(path.name for path in (checkout.folder / CHARTS).iterdir() if (path / "Chart.yaml").is_file())
