"""Waves: which clusters are upgraded next, and since when the ones before are at the revision."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci import UserError, settings
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.settings import WaveSettings
from kubeaid_ci.upgrade.waves import Arrival, choose
from tests import repos
from tests.upgrade import platform
from tests.upgrade.platform import NEW, OLD, app, cluster

NOW = datetime(2030, 1, 10, tzinfo=UTC)
WAVES = (
    WaveSettings("test", ("test-*",)),
    WaveSettings("stage", ("stage",), timedelta(days=1)),
    WaveSettings("prod", ("a", "b"), timedelta(days=3)),
)
CLUSTERS = [Cluster(name, name, None) for name in ("a", "b", "stage", "test-1", "test-2")]
AWAY = Arrival(at=False)


def since(days: float) -> Arrival:
    return Arrival(at=True, since=NOW - timedelta(days=days))


CASES: dict[str, tuple[str, dict[str, Arrival], str, str]] = {
    "nothing is there yet": ("next", {}, "test", ""),
    "half of the first": ("next", {"test-1": since(9)}, "test", ""),
    "the first is there, not long enough": (
        "next",
        {"test-1": since(9), "test-2": since(0.5)},
        "stage",
        "waits until 2030-01-10 12:00",
    ),
    "the first has soaked": ("next", {"test-1": since(9), "test-2": since(1)}, "stage", ""),
    "all are there": ("next", {one.dir: since(9) for one in CLUSTERS}, "next", "every wave is at"),
    "one that is named": ("stage", {}, "stage", "test-1, test-2 not at 2.0.0"),
    "the last, named and due": ("prod", {"stage": since(3)}, "prod", ""),
    "of which Git knows nothing": ("prod", {"stage": Arrival(at=True)}, "prod", "no commit that brought stage"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wave_is_due_when_the_one_before_has_soaked(case: str) -> None:
    name, states, chosen, waiting = CASES[case]
    arrivals = {one.dir: states.get(one.dir, AWAY) for one in CLUSTERS}
    found = choose(name, WAVES, CLUSTERS, arrivals, to="2.0.0", now=NOW)
    assert found.name == chosen
    assert waiting in found.waiting if waiting else not found.waiting


@pytest.mark.parametrize(
    ("name", "waves", "message"),
    [
        ("prodd", WAVES, "did you mean prod"),
        ("next", (), "no waves are set"),
        ("next", (WaveSettings("x", ("tset-1",)),), "x has no cluster: nothing is named tset-1; did you mean test-1"),
    ],
)
def test_waves_that_do_not_exist_are_errors(name: str, waves: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        choose(name, waves, CLUSTERS, {}, to="2.0.0", now=NOW)


SETTINGS = """waves:
- {name: test, clusters: [test]}
- {name: prod, clusters: [prod], soak: 3d}
"""


@pytest.mark.parametrize(("age", "outcome"), [(1, {}), (4, {"prod": "upgraded"})])
def test_the_soak_time_is_read_from_the_commits_of_the_config_repo(
    age: int, outcome: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeaid = platform.kubeaid(tmp_path / "KubeAid")
    files = [cluster(name, {"web": app("web")}, built=False) for name in ("test", "prod")]
    config = platform.config(tmp_path / "config", *files)
    known = settings.parse(SETTINGS, where="settings")

    def upgrade(wave: str) -> dict[str, str]:
        made = kubeaid_ci.upgrade_clusters(
            config, kubeaid, to=NEW, wave=wave, settings=known, cache=tmp_path / "cache", jobs=1
        )
        return {one.cluster: one.status.value for one in made.clusters}

    assert upgrade("prod") == {}
    assert upgrade("next") == {"test": "upgraded"}
    merged = (datetime.now(UTC) - timedelta(days=age)).isoformat()
    monkeypatch.setenv("GIT_COMMITTER_DATE", merged)
    repos.commit(config, "upgrade of test")
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    # Another change since does not count: the cluster was at the revision before it.
    repos.write(config, {"k8s/test/argocd-apps/templates/more.yaml": app("more", revision=NEW)})
    repos.commit(config, "more")
    assert OLD not in (config / "k8s/test/argocd-apps/templates/web.yaml").read_text()
    assert os.environ.get("GIT_COMMITTER_DATE") is None
    assert upgrade("next") == outcome
