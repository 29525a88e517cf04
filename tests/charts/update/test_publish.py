"""From newer releases to change requests: a real chart repository and real Git over HTTP, each forge played."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci import documents
from kubeaid_ci.charts.ledger import ledger
from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.charts.update.offer import ChartPublication
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.scan.readers import read_reports
from kubeaid_ci.scan.update_effect import note_of
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import ChartPolicy
from kubeaid_ci.settings.publish import PublishOptions
from tests import renders, repos
from tests.scan import reports
from tests.servers.charts import Charts
from tests.servers.http import Reply
from tests.servers.world import SECRET, World
from tests.updates import DAY, publish, umbrella, upstreams

BRANCH = "kubeaid-ci/charts/"


@dataclass
class Platform:
    """A KubeAid repo on a forge, its charts from a repository on loopback."""

    world: World
    charts: Charts
    folder: Path

    @property
    def repo(self) -> Any:
        return self.world.forge.repo

    def push(self) -> None:
        """Put the checkout onto the main branch, as somebody would."""
        repos.commit(self.folder)
        repos.git(self.folder, "push", "--quiet", "--force", str(self.repo.folder), "HEAD:refs/heads/main")

    def publish(self, *names: str, policies: dict[str, ChartPolicy] | None = None, **options: Any) -> ChartPublication:
        fields = set(PublishOptions.__dataclass_fields__) & set(options)
        said = {name: options.pop(name) for name in fields}
        return kubeaid_ci.publish_charts(
            self.world.forge.git_url,
            charts=names,
            options=PublishOptions(forge=self.world.kind, forge_url=self.world.forge.api_url, **said),
            settings=Settings(charts=policies or {}),
            upstreams=upstreams(),
            jobs=1,
            cache=False,
            **{"today": DAY} | options,
        )

    def merge(self, branch: str) -> None:
        repos.git(self.repo.folder, "update-ref", "refs/heads/main", branch)
        repos.git(self.repo.folder, "update-ref", "-d", f"refs/heads/{branch}")


def platform(world: World, tmp_path: Path, charts: Charts) -> Platform:
    made = Platform(world, charts, tmp_path / "kubeaid")
    for name in ("api", "web"):
        publish(charts, name, "1.0.0", {"gone.yaml": "x\n"})
        umbrella(made.folder, charts, name)
    publish(charts, "web", "1.1.0", {"values.yaml": "replicas: 2\n"}, created="2026-03-01")
    changelog = "# Changelog\n\n## KubeAid Release Version 3.1.4\n"
    repos.write(made.folder, {"VERSION": "3.1.4\n", "CHANGELOG.md": changelog, ".gitignore": "*.yaml.bak\n"})
    made.push()
    return made


@pytest.fixture
def charts() -> Iterator[Charts]:
    made = Charts()
    with made.server:
        yield made


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)


@pytest.fixture
def home_of(gitlab: World, tmp_path: Path, charts: Charts) -> Platform:
    return platform(gitlab, tmp_path, charts)


def add(home_of: Platform, name: str) -> ChartPublication:
    return kubeaid_ci.publish_new_chart(
        home_of.world.forge.git_url,
        name,
        repository=home_of.charts.server.url,
        options=PublishOptions(forge=home_of.world.kind, forge_url=home_of.world.forge.api_url),
        upstreams=upstreams(),
        today=DAY,
        jobs=1,
        cache=False,
    )


def told(found: ChartPublication) -> list[tuple[str, str]]:
    return [(one.branch.rpartition("/")[2], one.outcome.value) for one in found.requests]


def test_an_update_becomes_one_change_request_and_the_next_run_leaves_it_alone(
    world: World, tmp_path: Path, charts: Charts
) -> None:
    here = platform(world, tmp_path, charts)
    assert [told(here.publish()) for _ in range(2)] == [[("web", "created")], [("web", "unchanged")]]
    (change,) = world.forge.open_changes()
    assert change.title == "chore(minor update): Updated web from version 1.0.0 to 1.1.0"
    branch = f"{BRANCH}web"
    assert here.repo.ahead("main", branch) == 1
    changed = repos.git(here.repo.folder, "diff", "--name-only", "main", branch).splitlines()
    assert changed == [
        "VERSION",
        f"{CHARTS}/web/Chart.lock",
        f"{CHARTS}/web/Chart.yaml",
        f"{CHARTS}/web/charts/web/Chart.yaml",
        f"{CHARTS}/web/charts/web/gone.yaml",
        f"{CHARTS}/web/charts/web/values.yaml",
        LEDGER,
    ]
    assert here.repo.show(branch, "VERSION") == "3.2.0"
    assert list(ledger.parse(here.repo.show(branch, LEDGER), where="l").entries) == ["web/web"]


def test_the_text_tells_what_a_reviewer_asks(home_of: Platform) -> None:
    home_of.publish(labels=("mine",))
    (change,) = home_of.world.forge.open_changes()
    assert set(change.labels) == {"charts", "update-minor", "risk-low", "mine"}
    text = change.body
    for part in (
        "### web",
        "| `web` | `1.0.0` → `1.1.0` |  | minor | 2026-03-01 | 1 removed, 2 modified |",
        "web: default values: 1 changed",
        "| changed default | `replicas` | `1` → `2` |",
        "## With default values\n\nobjects: 1 modified",
        "modified `Deployment web/web`",
    ):
        assert part in text


APPS = "build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml"


def listed(body: str) -> list[str]:
    """The files that a description lists one by one."""
    return re.findall(r"^- (?:added|removed|modified) `([^`]+)`$", body, re.MULTILINE)


def test_the_text_counts_the_vulnerabilities_that_new_images_fix_and_add(home_of: Platform) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: 'nginx:{}'}}]}}\n"
    publish(home_of.charts, "api", "1.1.0", {"gone.yaml": "x\n", "templates/pod.yaml": pod.format("1.3")})
    umbrella(home_of.folder, home_of.charts, "api", "api 1.1.0")
    publish(home_of.charts, "api", "1.2.0", {"templates/pod.yaml": pod.format("1.4")})
    home_of.push()
    found = [
        reports.trivy("nginx:1.3", ("CVE-1", "openssl", "2", "CRITICAL"), ("CVE-2", "zlib", "2", "LOW")),
        reports.trivy("nginx:1.4", ("CVE-3", "curl", "", "HIGH")),
    ]
    home_of.publish("api", scan_note=note_of(read_reports(found, where="test")))
    (change,) = home_of.world.forge.open_changes()
    assert "This update fixes 2 vulnerabilities (1 critical) and adds 1 (1 high)." in change.body


def test_the_description_lists_every_file_of_the_commit_and_no_unrelated_line_changes(home_of: Platform) -> None:
    apps = "# Written by hand.\nkubeaid_apps:\n  - gone\n  - 'web'\n"
    repos.write(home_of.folder, {APPS: apps})
    home_of.push()
    publish(home_of.charts, "zoo", "2.0.0")
    home_of.publish()
    add(home_of, "zoo")
    for change in home_of.world.forge.open_changes():
        changed = repos.git(home_of.repo.folder, "diff", "--name-only", "main", change.head).splitlines()
        paths = [path for path in listed(change.body) if path in changed]
        assert sorted(paths) == sorted(changed)
        rows = [path for path in changed if f"| `{path}` | " in change.body]
        assert rows == [path for path in changed if "/charts/" not in path]
        assert ("VERSION" in rows, APPS in rows) == ((True, False) if change.head.endswith("web") else (False, True))
    new = home_of.repo.show("kubeaid-ci/new-charts/zoo", APPS)
    assert new == (apps + "  - zoo\n").rstrip()


def test_each_chart_has_its_own_change_request_and_groups_share_one(home_of: Platform) -> None:
    publish(home_of.charts, "api", "2.0.0")
    assert told(home_of.publish()) == [("api", "created"), ("web", "created")]
    titles = sorted(change.title for change in home_of.world.forge.open_changes())
    assert titles[0] == "chore(major update): Updated api from version 1.0.0 to 2.0.0"
    together = {"*": ChartPolicy(group="all")}
    found = home_of.publish(policies=together)
    assert told(found) == [("all", "created"), ("api", "closed"), ("web", "closed")]
    (change,) = home_of.world.forge.open_changes()
    assert change.title == (
        "chore(major update): Updated api from version 1.0.0 to 2.0.0, web from version 1.0.0 to 1.1.0"
    )
    assert home_of.repo.show("kubeaid-ci/chart-groups/all", "VERSION") == "4.0.0"


def test_change_requests_that_are_merged_one_after_the_other_fit(home_of: Platform) -> None:
    publish(home_of.charts, "api", "2.0.0")
    home_of.publish()
    home_of.merge(f"{BRANCH}api")
    assert told(home_of.publish()) == [("web", "updated")]
    home_of.merge(f"{BRANCH}web")
    assert sorted(ledger.parse(home_of.repo.show("main", LEDGER), where="l").entries) == ["api/api", "web/web"]
    assert home_of.repo.show("main", "VERSION") == "4.0.0"
    assert told(home_of.publish()) == []


def test_what_is_no_longer_wanted_is_closed_and_what_could_not_be_looked_at_stays(home_of: Platform) -> None:
    home_of.publish()
    home_of.charts.server.inject("GET", "/index.yaml", Reply(404, b""), times=9)
    found = home_of.publish()
    assert [one.status.value for one in found.updates.results] == ["failed", "failed"]
    assert told(found) == []
    home_of.charts.server.injected.clear()
    pinned = {"web": ChartPolicy(pin=Version.parse("1.0.0"))}
    assert told(home_of.publish("api", policies=pinned)) == []
    assert told(home_of.publish(policies=pinned)) == [("web", "closed")]


def test_the_policy_is_that_of_the_repository_itself(home_of: Platform) -> None:
    home_of.repo.commit("main", {".kubeaid-ci.yaml": "charts:\n  web: {allow: patch}\n"}, "Hold web")
    found = home_of.publish()
    assert (told(found), [one.status.value for one in found.updates.results]) == ([], ["up-to-date", "up-to-date"])


def test_a_chart_that_is_refused_stops_no_other_and_says_why(home_of: Platform) -> None:
    publish(home_of.charts, "api", "2.0.0", {"templates/web.yaml": "{{ fail `no` }}"})
    found = home_of.publish()
    assert told(found) == [("web", "created")]
    assert [(one.chart, one.status.value) for one in found.updates.results] == [("api", "refused"), ("web", "updated")]
    assert [one.rule.id for one in found.updates.findings] == ["chart/update-refused", "chart/render-failed"]


def test_a_version_that_is_asked_for_is_the_one_that_is_offered(home_of: Platform) -> None:
    publish(home_of.charts, "web", "2.0.0")
    home_of.publish("web", to="1.1.0")
    assert "to 1.1.0" in home_of.world.forge.open_changes()[0].title


def test_published_files_that_an_ignore_file_names_are_offered_all_the_same(home_of: Platform) -> None:
    publish(home_of.charts, "api", "1.1.0", {"docs/a.yaml.bak": "x\n"})
    home_of.publish("api")
    assert f"{CHARTS}/api/charts/api/docs/a.yaml.bak" in home_of.repo.files(f"{BRANCH}api")


def test_a_forge_that_refuses_one_stops_no_other(home_of: Platform) -> None:
    publish(home_of.charts, "api", "1.1.0")
    hook = 'while read old new ref; do case "$ref" in *api) exit 1;; esac; done'
    home_of.repo.hook("pre-receive", hook)
    found = home_of.publish()
    assert told(found) == [("web", "created")]
    assert [(one.branch, isinstance(one.error, OutsideError)) for one in found.failed] == [(f"{BRANCH}api", True)]
    assert [one.request is None for one in found.updates.results] == [True, False]


def test_advice_about_a_branch_with_commits_of_others_names_the_command_that_ran(home_of: Platform) -> None:
    publish(home_of.charts, "zoo", "2.0.0")
    home_of.publish()
    add(home_of, "zoo")
    for name, branch, again, command in (
        ("web", f"{BRANCH}web", home_of.publish, "kubeaid-ci charts update --publish"),
        ("zoo", "kubeaid-ci/new-charts/zoo", lambda: add(home_of, "zoo"), "kubeaid-ci charts add zoo --publish"),
    ):
        home_of.repo.commit(branch, {"mine": "x"}, "By hand")
        publish(home_of.charts, name, "2.5.0")
        found = again()
        (stopped,) = (one for one in found.requests if one.branch == branch)
        assert stopped.outcome.value == "stopped"
        assert f"- run `{command}` with `--on-foreign-commits stack`" in stopped.messages[0]


def test_a_dry_run_writes_text_and_patch_and_nothing_else(home_of: Platform, tmp_path: Path) -> None:
    found = home_of.publish(dry_run=True, preview=str(tmp_path / "preview"))
    assert told(found) == [("web", "created")]
    assert [one.dry_run for one in found.requests] == [True]
    assert [(one.chart, one.status.value, one.dry_run) for one in found.updates.results] == [
        ("api", "up-to-date", False),
        ("web", "updated", True),
    ]
    assert home_of.world.forge.open_changes() == []
    assert sorted(path.name for path in (tmp_path / "preview").iterdir()) == [
        "kubeaid-ci-charts-web.md",
        "kubeaid-ci-charts-web.patch",
    ]


def test_a_minimum_age_is_reached_without_anybody_running_anything_by_hand(home_of: Platform) -> None:
    """Registries give no days, so the first sight of each release is offered as a change of the ledger."""
    home_of.charts.entries["web"][-1].pop("created")
    aged = {"*": ChartPolicy(minimum_age=timedelta(days=5))}
    assert told(home_of.publish(policies=aged)) == [("first-seen", "created")]
    assert told(home_of.publish(policies=aged)) == [("first-seen", "unchanged")]
    (change,) = home_of.world.forge.open_changes()
    assert "`first seen today: web/web 1.1.0`" in change.body
    home_of.merge("kubeaid-ci/first-seen")
    assert told(home_of.publish(policies=aged)) == []
    later = home_of.publish(policies=aged, today=DAY + timedelta(days=5))
    assert told(later) == [("web", "created")]


def test_a_new_chart_is_offered_and_stays_open_while_others_are_updated(home_of: Platform) -> None:
    publish(home_of.charts, "zoo", "2.0.0")
    found = add(home_of, "zoo")
    assert (told(found), [one.status.value for one in found.updates.results]) == ([("zoo", "created")], ["added"])
    (change,) = home_of.world.forge.open_changes()
    assert change.title == "chore(new): Added new helm chart zoo 2.0.0"
    assert {"charts", "new-chart"} <= set(change.labels)
    assert f"{CHARTS}/zoo/values.yaml" in home_of.repo.files("kubeaid-ci/new-charts/zoo")
    assert told(home_of.publish()) == [("web", "created")]
    assert len(home_of.world.forge.open_changes()) == 2


VALUES = "web:\n  replicas: 5\n  server:\n    old: true\n"


@pytest.fixture
def clusters(home_of: Platform, tmp_path: Path) -> renders.World:
    """A config repo of two clusters, of which one takes the chart with values of its own."""
    made = renders.World(tmp_path / "config", home_of.world.forge.git_url)
    sources = [renders.helm("web", valueFiles=["$values/k8s/one/values-web.yaml"]), renders.values_ref()]
    made.cluster("one", {"web.yaml": renders.application("web", sources=sources)})
    repos.write(made.config, {"k8s/one/values-web.yaml": VALUES})
    made.cluster("two", {})
    repos.commit(made.config)
    return made


def test_what_an_update_does_to_each_cluster_is_told(home_of: Platform, clusters: renders.World) -> None:
    home_of.charts.entries["web"].pop()
    repos.write(home_of.folder / CHARTS / "web/charts/web", {"values.yaml": "replicas: 1\nserver: {old: false}\n"})
    home_of.push()
    crd = documents.dump({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "fresh"}})
    publish(home_of.charts, "web", "1.1.0", {"templates/sa.yaml": crd})
    found = home_of.publish("web", config_repo=clusters.config, overwrite=True)
    assert told(found) == [("web", "created")]
    text = home_of.world.forge.open_changes()[0].body
    for part in (
        "### Values that clusters set, and that the chart no longer has",
        "| one | `web.server.old` | `k8s/one/values-web.yaml:4` |",
        "## What this update does",
        "1 of 2 clusters changes · 1 to review\n\nObjects: 1 added.",
        "added `ServiceAccount web/fresh`",
        "With default values: objects: 1 added",
    ):
        assert part in text
    assert "two" not in text.partition("## What this update does")[2].partition("With default values")[0]
    assert "risk-medium" in home_of.world.forge.open_changes()[0].labels
