"""Umbrella charts in which one chart is a dependency several times, and dependencies in odd states."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci import documents
from kubeaid_ci.charts import source
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.helm.dependencies import resolve
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import ChartPolicy, Step
from tests import repos, umbrellas
from tests.servers.charts import Charts
from tests.umbrellas import metadata
from tests.updates import outcomes, publish, rules, update, upstreams


@pytest.fixture
def charts():
    made = Charts()
    with made.server:
        yield made


def app(root: Path, charts: Charts, dependencies: list[str], folders: dict[str, str]) -> Path:
    """An umbrella chart ``app`` of dependencies ``name version [alias=…]``, with vendored folders of ``name version``."""
    declared = [
        " ".join([name, version, charts.server.url, *rest])
        for name, version, *rest in (one.split(" ") for one in dependencies)
    ]
    files: dict[str, str | bytes] = {"Chart.yaml": metadata("app", "0.1.0", *declared)}
    for folder, text in folders.items():
        name, version = text.split(" ")
        got = upstreams().fetch(name, version, charts.server.url)
        files |= {f"charts/{folder}/{path}": file.data for path, file in got.files.items()}
    umbrellas.umbrella(root, "app", files)
    repos.commit(root, "vendor")
    return root


def state(root: Path) -> dict[str, str]:
    """The declared version and the vendored one of each dependency, as Helm resolves them, by alias or name."""
    repo = source.read(root, WORK_TREE, cache=False)
    repo.snapshot.close()
    (chart,) = (one for one in repo.charts.charts if one.folder == "app")
    found = {}
    for one in resolve(chart):
        vendored = f"{one.subchart.folder} {one.subchart.version}" if one.subchart and one.fits else "-"
        found[one.dependency.alias or one.dependency.name] = f"{one.dependency.version} {vendored}"
        assert not one.rivals
    return found


MINOR = {"app": ChartPolicy(allow=Step.MINOR)}
TWO = ["web 1.0.0 alias=old", "web 2.0.0 alias=new"]
TWO_FOLDERS = {"web-1": "web 1.0.0", "web-2": "web 2.0.0"}
CASES = {
    # dependencies, folders, policies, what comes of them
    "each within its major": (TWO, TWO_FOLDERS, MINOR, {"old": "1.1.0 web-1 1.1.0", "new": "2.1.0 web-2 2.1.0"}),
    "the order of the lines does not matter": (
        TWO[::-1],
        TWO_FOLDERS,
        MINOR,
        {"new": "2.1.0 web-2 2.1.0", "old": "1.1.0 web-1 1.1.0"},
    ),
    "one of them is pinned": (
        TWO,
        TWO_FOLDERS,
        {"app/web-1": ChartPolicy(pin=Version.parse("1.0.0"))},
        {"old": "1.0.0 web-1 1.0.0", "new": "2.1.0 web-2 2.1.0"},
    ),
    "a policy by alias": (
        TWO,
        TWO_FOLDERS,
        {"app/old": ChartPolicy(allow=Step.MINOR)},
        {"old": "1.1.0 web-1 1.1.0", "new": "2.1.0 web-2 2.1.0"},
    ),
    "ranges stay as they are": (
        ["web ^1.0.0 alias=old", "web ~2.0.0 alias=new"],
        TWO_FOLDERS,
        {},
        {"old": "^1.0.0 web-1 1.1.0", "new": "~2.0.0 web-2 2.0.0"},
    ),
    "folders with any name": (
        TWO,
        {"b": "web 1.0.0", "a": "web 2.0.0"},
        MINOR,
        {"old": "1.1.0 b 1.1.0", "new": "2.1.0 a 2.1.0"},
    ),
    "aliases that share a folder": (
        ["web 1.0.0 alias=one", "web 1.0.0 alias=two"],
        {"web": "web 1.0.0"},
        MINOR,
        {"one": "1.1.0 web 1.1.0", "two": "1.1.0 web 1.1.0"},
    ),
    "one that shares a folder has a range": (
        ["web 1.0.0 alias=one", "web ~1.0.0 alias=two"],
        {"web": "web 1.0.0"},
        MINOR,
        {"one": "1.0.0 web 1.0.0", "two": "~1.0.0 web 1.0.0"},
    ),
    "one of two is not vendored": (
        TWO,
        {"web-1": "web 1.0.0"},
        MINOR,
        {"old": "1.1.0 web-1 1.1.0", "new": "2.1.0 new 2.1.0"},
    ),
    "neither is vendored": (TWO, {}, MINOR, {"old": "1.1.0 old 1.1.0", "new": "2.1.0 new 2.1.0"}),
    "declared and not vendored, with a limit": (
        ["web 1.0.0"],
        {},
        {"app": ChartPolicy(allow=Step.PATCH)},
        {"web": "1.0.0 web 1.0.0"},
    ),
    "declared above what is vendored": (
        ["web 1.1.0"],
        {"web": "web 1.0.0"},
        {"app": ChartPolicy(allow=Step.PATCH)},
        {"web": "1.1.0 web 1.1.0"},
    ),
    "declared below what is vendored": (
        ["web 1.0.0"],
        {"web": "web 1.1.0"},
        {"app": ChartPolicy(allow=Step.PATCH)},
        {"web": "1.0.0 -"},
    ),
}


@pytest.fixture
def web(charts):
    for version in ("1.0.0", "1.1.0", "2.0.0", "2.1.0"):
        publish(charts, "web", version)


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(("dependencies", "folders", "policies", "expected"), CASES.values(), ids=CASES)
def test_each_dependency_is_updated_by_its_own_name_alias_and_range(
    tmp_path, charts, dependencies, folders, policies, expected
):
    app(tmp_path, charts, dependencies, folders)
    found = update(tmp_path, policies=policies)
    assert not [one for one in found.findings if one.severity.value == "error"]
    assert state(tmp_path) == expected
    lock = tmp_path / CHARTS / "app/Chart.lock"
    if lock.exists():
        locked = [one["version"] for one in documents.load(lock.read_text(), where="l")["dependencies"]]
        assert locked == [text.split(" ")[-1] for text in expected.values()]
    assert outcomes(update(tmp_path, policies=policies)) == [("app", "up-to-date")]


REFUSED = {
    "both would become one version": (
        TWO,
        TWO_FOLDERS,
        "web (alias old) 2.1.0 would fit web-1 and web-2, and Helm takes one of them at random",
    ),
    "one would come into the range of the other": (
        ["web ^1.0.0 alias=old", "web >=1.1.0 alias=new"],
        TWO_FOLDERS,
        "web (alias new) >=1.1.0 would fit web-1 and web-2, and Helm takes one of them at random",
    ),
    "two vendored copies fit": (
        ["web ^1.0.0"],
        {"a": "web 1.0.0", "b": "web 1.1.0"},
        "web ^1.0.0 would fit a and b, and Helm takes one of them at random",
    ),
    "an undeclared copy of the new version": (
        ["web 1.0.0"],
        {"web": "web 1.0.0", "stray": "web 2.1.0"},
        "web 2.1.0 would fit stray and web, and Helm takes one of them at random",
    ),
}


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(("dependencies", "folders", "message"), REFUSED.values(), ids=REFUSED)
def test_an_update_that_would_mix_up_dependencies_is_refused(tmp_path, charts, dependencies, folders, message):
    app(tmp_path, charts, dependencies, folders)
    before = repos.snapshot(tmp_path)
    found = update(tmp_path)
    assert (outcomes(found), rules(found)) == ([("app", "refused")], [("chart/update-refused", "app")])
    assert message in found.results[0].error
    assert "limit one of them with a policy in .kubeaid-ci.yaml" in found.results[0].error
    assert repos.snapshot(tmp_path) == before


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("name", ["app/old", "app/web-1"])
def test_a_dependency_is_named_by_alias_or_folder(tmp_path, charts, name):
    app(tmp_path, charts, TWO, TWO_FOLDERS)
    assert outcomes(update(tmp_path, name, to="1.1.0")) == [("app", "updated")]
    assert state(tmp_path) == {"old": "1.1.0 web-1 1.1.0", "new": "2.0.0 web-2 2.0.0"}


@pytest.mark.usefixtures("web")
def test_a_name_that_means_two_dependencies_is_refused(tmp_path, charts):
    app(tmp_path, charts, TWO, TWO_FOLDERS)
    with pytest.raises(UserError, match=r"--to 1.1.0: name one chart to update, .*; chosen are app/web-1, app/web-2"):
        update(tmp_path, "app/web", to="1.1.0")


BUILDS = ("5.0.0+e4201a3a", "5.0.0+bba96fca", "5.0.0+70350c25")


@pytest.fixture
def builds(tmp_path, charts):
    publish(charts, "web", "4.0.0")
    for version in BUILDS:
        publish(charts, "web", version)
    return app(tmp_path, charts, ["web 4.0.0"], {"web": "web 4.0.0"})


@pytest.mark.parametrize("build", BUILDS)
def test_the_build_that_is_named_is_vendored(builds, charts, build):
    found = update(builds, "app", to=build)
    assert (outcomes(found), rules(found)) == ([("app", "updated")], [])
    assert state(builds) == {"web": f"{build} web {build}"}
    assert umbrellas.said(umbrellas.verify(builds)) == []
    assert outcomes(update(builds, "app", to=build)) == [("app", "up-to-date")]
    other = BUILDS[0] if build != BUILDS[0] else BUILDS[1]
    assert outcomes(update(builds, "app", to=other)) == [("app", "updated")]
    assert state(builds) == {"web": f"{other} web {other}"}


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("5.0.0+XXXXXXX", r"--to 5.0.0\+XXXXXXX: web has no such version; near versions: 5.0.0\+"),
        (
            "5.0.0",
            r"--to 5.0.0: web has several builds of it; name one: 5.0.0\+e4201a3a, 5.0.0\+bba96fca, 5.0.0\+70350c25",
        ),
        ("4.0.0+1", r"--to 4.0.0\+1: web has no such version"),
    ],
)
def test_another_build_of_the_same_version_is_not_what_was_asked_for(builds, to, message):
    before = repos.snapshot(builds)
    with pytest.raises(UserError, match=message):
        update(builds, "app", to=to)
    assert repos.snapshot(builds) == before


def test_the_version_is_written_as_it_is_published(tmp_path, charts):
    publish(charts, "web", "1.0.0")
    publish(charts, "web", "v1.1.0")
    app(tmp_path, charts, ["web 1.0.0"], {"web": "web 1.0.0"})
    assert outcomes(update(tmp_path, "app", to="1.1.0")) == [("app", "updated")]
    assert state(tmp_path) == {"web": "v1.1.0 web v1.1.0"}


SHARED = {
    "an anchor that is used elsewhere": (
        "- {name: web, version: &v 1.0.0, repository: URL}\n- {name: api, version: *v, repository: URL}\n"
    ),
    "an alias": "- {name: api, version: &v 1.0.0, repository: URL}\n- {name: web, version: *v, repository: URL}\n",
    "a merge key": "- &b {name: api, version: 1.0.0, repository: URL}\n- {<<: *b, name: web}\n",
}


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_a_version_that_is_shared_in_yaml_is_named_and_refused(tmp_path, charts, text):
    for name in ("web", "api"):
        publish(charts, name, "1.0.0")
    app(tmp_path, charts, [], {"web": "web 1.0.0", "api": "api 1.0.0"})
    path = tmp_path / CHARTS / "app/Chart.yaml"
    path.write_text(f"{path.read_text()}dependencies:\n{text.replace('URL', charts.server.url)}")
    publish(charts, "web", "1.1.0")
    found = update(tmp_path)
    assert (outcomes(found), rules(found)) == ([("app", "refused")], [("chart/update-refused", "app")])
    assert "the version of web is a YAML anchor, alias or merge key, or is missing; write it" in found.results[0].error
    assert f"{CHARTS}/app/Chart.yaml:" in found.results[0].error


def test_an_anchor_that_nobody_uses_stays(tmp_path, charts):
    publish(charts, "web", "1.0.0")
    app(tmp_path, charts, [], {"web": "web 1.0.0"})
    path = tmp_path / CHARTS / "app/Chart.yaml"
    line = '- {name: web, version: &v "1.0.0", repository: URL}\n'.replace("URL", charts.server.url)
    path.write_text(f"{path.read_text()}dependencies:\n{line}")
    publish(charts, "web", "1.1.0")
    assert outcomes(update(tmp_path)) == [("app", "updated")]
    assert line.replace("1.0.0", "1.1.0") in path.read_text()


VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0", "2.0.1", "2.1.0-rc.1", "3.0.0")
DECLARED = (*VERSIONS, "^1.0.0", "~1.0.0", ">=1.1.0", "1.x", "^2", "*", ">=1.0.0 <2.1.0")
ALLOWED = st.sampled_from([None, Step.PATCH, Step.MINOR, Step.MAJOR])
LINES = st.lists(st.tuples(st.sampled_from(["web", "api"]), st.sampled_from(DECLARED)), min_size=1, max_size=4)
VENDORED = st.lists(st.tuples(st.sampled_from(["web", "api"]), st.sampled_from(VERSIONS)), max_size=4)


@given(LINES, VENDORED, ALLOWED)
@settings(max_examples=20, deadline=None)
def test_random_dependencies_never_go_down_and_never_get_mixed_up(lines, vendored, allow):
    charts = Charts()
    with charts.server, tempfile.TemporaryDirectory() as folder:
        for name in ("web", "api"):
            for version in VERSIONS:
                publish(charts, name, version)
        dependencies = [
            f"{name} {declared.replace(' ', '_')} alias=a{number}" for number, (name, declared) in enumerate(lines)
        ]
        folders = {f"f{number}": f"{name} {version}" for number, (name, version) in enumerate(vendored)}
        root = app(Path(folder), charts, dependencies, folders)
        before = resolved(root)
        found = update(root, policies={"app": ChartPolicy(allow=allow)})
        after = resolved(root)
        ((_, status),) = outcomes(found)
        if status != "updated":
            assert after == before
            return
        for old, new in zip(before, after, strict=True):
            if old.subchart and old.fits:
                assert new.fits
                assert new.subchart.folder == old.subchart.folder
                assert Version.parse(new.subchart.version) >= Version.parse(old.subchart.version)
                if allow:
                    step = Step.between(Version.parse(old.subchart.version), Version.parse(new.subchart.version))
                    assert step.weight <= allow.weight or old.subchart.version == new.subchart.version
            assert len(new.rivals) <= len(old.rivals)
        assert os.listdir(root / CHARTS / "app/charts")


def resolved(root: Path):
    repo = source.read(root, WORK_TREE, cache=False)
    repo.snapshot.close()
    return resolve(repo.charts.charts[0])
