"""Which vendored chart belongs to a dependency; held against what helm programs render."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.helm.dependencies import origins, resolve, undeclared
from tests import helm_binaries

PATH = "argocd-helm-charts/app"
HERE = "https://charts.example.com"


def dependency(declared: str) -> Dependency:
    """``name version [alias]``."""
    name, version, *alias = declared.split(" ")
    return Dependency(name, version, HERE, alias=alias[0] if alias else "")


def subchart(vendored: str) -> Subchart:
    """``folder name version``, or the folder of a chart that cannot be read."""
    folder, *rest = vendored.split(" ")
    path = f"{PATH}/charts/{folder}"
    return Subchart(path, Chart(path, *rest) if rest else None, "a" * 40)


def chart(declared: list[str], vendored: list[str], archives: tuple[str, ...] = ()) -> Chart:
    dependencies, subcharts = tuple(map(dependency, declared)), tuple(map(subchart, sorted(vendored)))
    return Chart(PATH, "app", "1.0.0", dependencies=dependencies, subcharts=subcharts, archives=archives)


@pytest.mark.parametrize(
    ("declared", "vendored", "folders", "rest"),
    [
        (["web 1.0.0 old", "web 2.0.0 new"], ["web-1 web 1.0.0", "web-2 web 2.0.0"], "web-1 web-2", ""),
        (["web 2.0.0 new", "web 1.0.0 old"], ["web-1 web 1.0.0", "web-2 web 2.0.0"], "web-2 web-1", ""),
        (["web ^1 old", "web ^2 new"], ["a web 2.4.0", "b web 1.9.0"], "b a", ""),
        (["web 1.0.0 a", "web 1.0.0 b"], ["web web 1.0.0"], "web web", ""),
        (["web 1.0.0", "web 2.0.0 new"], ["web web 1.0.0"], "web -new", ""),
        (["web 1.0.0 a", "web 2.0.0 b"], [], "-a -b", ""),
        (["web 1.0.0 a"], [], "-web", ""),
        (["web 1.0.0"], ["web web 1.0.1"], "web!", ""),
        (["web 1.0.0 old", "web 2.0.0 new"], ["web-1 web 1.1.0", "web-2 web 2.0.0"], "web-1! web-2", ""),
        (["web 1.0.0"], ["web web 1.0.0", "web-old web 0.9.0"], "web", "web-old"),
        (["web 1.0.0"], ["web web 1.0.0", "evil web 1.0.0"], "web?evil", ""),
        (["web ^1 a", "web 1.1.0 b"], ["web-0 web 1.0.0", "web-1 web 1.1.0"], "web-0?web-1 web-1", ""),
        (["web 1.0.0+b"], ["x web 1.0.0+a", "y web 1.0.0+b"], "y?x", ""),
        (["web 1.0.0"], ["web web v1.0.0"], "web", ""),
        (["web 1.0.0"], ["web"], "web!", ""),
        (["web"], ["web web 1.0.0"], "web!", ""),
        (["db 1.0.0 web"], ["web web 1.0.0"], "-db", "web"),
        (["web 1.0.0 x", "web 2.0.0 y"], ["x web 2.0.0", "y web 1.0.0"], "y x", ""),
        (["web 1.0.0 x", "web 2.0.0 y"], ["x web 3.0.0", "y web 4.0.0"], "x! y!", ""),
    ],
)
def test_each_dependency_has_the_chart_of_its_name_alias_and_range(declared, vendored, folders, rest):
    """A folder with ``!`` does not fit, one with ``-`` is still to be made, and ``?`` names a rival."""
    if declared == ["web"]:
        declared = ["web "]
    made = chart(declared, vendored)
    said = [
        ("" if one.subchart else "-")
        + one.folder
        + ("!" if one.subchart and not one.fits else "")
        + "".join(f"?{rival.folder}" for rival in one.rivals)
        for one in resolve(made)
    ]
    assert " ".join(said) == folders
    assert " ".join(one.folder for one in undeclared(made)) == rest


def test_a_packed_chart_belongs_to_the_dependency_whose_range_has_its_version():
    made = chart(["web 1.0.0 old", "web 2.0.0 new", "web-x 1.0.0"], [], ("web-2.0.0.tgz", "web-x-1.0.0.tgz"))
    assert [one.archive for one in resolve(made)] == ["", "web-2.0.0.tgz", "web-x-1.0.0.tgz"]
    assert [one.is_vendored for one in resolve(made)] == [False, True, True]


def test_an_undeclared_chart_comes_from_where_one_of_its_name_does():
    made = chart(["web 1.0.0"], ["a web 1.0.0", "b web 2.0.0", "c own 1.0.0"])
    assert [known is not None for _, known in origins(made)] == [True, True, False]


_VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "2.0.0", "2.0.0-rc.1", "v1.0.0", "1.0.0+b", "0.1.0"])
_RANGES = st.sampled_from(["1.0.0", "^1", "~1.1", ">=1,<3", "2.x", "*", "2.0.0", "", "latest", "1.0.0-0"])
_DECLARED = st.lists(st.tuples(st.sampled_from(["web", "db"]), _RANGES), max_size=4)
_VENDORED = st.lists(st.tuples(st.sampled_from(["web", "db", "x"]), _VERSIONS), max_size=4)


def named(declared: list[tuple[str, str]]) -> list[str]:
    """An alias for each but one of a name, as Helm wants it."""
    return [f"{name} {version} {name}{number}" for number, (name, version) in enumerate(declared)]


def folders(vendored: list[tuple[str, str]]) -> list[str]:
    return [f"f{number} {name} {version}" for number, (name, version) in enumerate(vendored)]


@given(_DECLARED, _VENDORED)
def test_every_vendored_chart_is_somebodys_or_undeclared(declared, vendored):
    made = chart(named(declared), folders(vendored))
    found = resolve(made)
    assert [one.dependency for one in found] == list(made.dependencies)
    ours = {each.folder for one in found for each in (one.subchart, *one.rivals) if each}
    assert ours | {one.folder for one in undeclared(made)} == {one.folder for one in made.subcharts}
    assert not ours & {one.folder for one in undeclared(made)}
    new = [one.folder for one in found if one.subchart is None]
    assert len(set(new)) == len(new)
    assert not {*new} & {one.folder for one in made.subcharts}


def written(made: Chart, root: Path) -> Path:
    """The chart on disk; each vendored chart prints its folder and the name that Helm gives it."""
    root.mkdir(parents=True)
    declared = [
        {"name": one.name, "version": one.version, "repository": one.repository}
        | ({"alias": one.alias} if one.alias else {})
        for one in made.dependencies
    ]
    top = {"apiVersion": "v2", "name": made.name, "version": made.version, "dependencies": declared}
    (root / "Chart.yaml").write_text(json.dumps(top))
    for one in made.subcharts:
        folder = root / "charts" / one.folder
        (folder / "templates").mkdir(parents=True)
        (folder / "Chart.yaml").write_text(json.dumps({"apiVersion": "v2", "name": one.name, "version": one.version}))
        (folder / "templates/t.yaml").write_text(f'is: "{one.folder} {{{{ .Chart.Name }}}}"\n')
    return root


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
def test_helm_renders_what_is_resolved_and_what_is_undeclared(program, tmp_path):
    pick = random.Random(program.name)
    versions = ["1.0.0", "1.1.0", "2.0.0", "2.0.0-rc.1", "v1.0.0", "1.0.0+b"]
    ranges = ["1.0.0", "^1", "~1.1", ">=1,<3", "2.x", "*", "2.0.0", "", "latest", "1.0.0-0"]
    for number in range(40):
        declared = named([(pick.choice(["web", "db"]), pick.choice(ranges)) for _ in range(pick.randrange(4))])
        kinds = pick.sample([(name, version) for name in ("web", "db", "x") for version in versions], 4)
        made = chart(declared, folders(kinds[: pick.randrange(5)]))
        found = resolve(made)
        if any(one.rivals for one in found) or not all(made.subchart(one.name) for one in made.dependencies):
            continue  # random in Helm, or refused
        out = helm_binaries.run("template", written(made, tmp_path / str(number)), program=program)
        assert out.returncode == 0, out.stderr
        rendered = {line.split('"')[1] for line in out.stdout.splitlines() if line.startswith("is:")}
        # Two charts of one name are one to Helm's engine, so the last template wins.
        single = [one for one in undeclared_like(made) if names(made).count(one.name) == 1]
        expected = {f"{one.subchart.folder} {one.dependency.alias}" for one in found if one.subchart and one.fits}
        assert rendered >= expected | {f"{one.folder} {one.name}" for one in single}
        assert len(rendered) <= len(expected) + len({one.name for one in undeclared_like(made)})


def undeclared_like(made: Chart) -> list[Subchart]:
    """What Helm renders under its own name: undeclared, or of a version that no dependency allows."""
    misfits = [one.subchart for one in resolve(made) if one.subchart and not one.fits]
    return [*undeclared(made), *misfits]


def names(made: Chart) -> list[str]:
    return [one.name for one in undeclared_like(made)]
