"""Each version of Helm gives what its own program gives: a corpus of charts, and any chart made by chance."""

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeaid_ci.argocd.application import Parameter
from tests import helm_binaries, helm_versions
from tests.helm_versions import ours, theirs, version_of

CORPUS = Path(__file__).with_name("helm_versions.yaml")
ROWS = yaml.safe_load(CORPUS.read_text())
VERSIONS = ("3.17.2", "4.1.4", "4.3.1")
TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Chart.Name }}}
data: {v: {{ toJson .Values | quote }}}
"""


def files_of(row):
    """The files of a row's chart, with what it leaves out."""
    files = dict(row["files"])
    folders = {"", *(path.rpartition("values.yaml")[0] for path in files if path.endswith("values.yaml"))}
    folders |= {path.partition("templates/")[0] for path in files if "templates/" in path}
    for folder in folders:
        name = folder.rstrip("/").rpartition("/")[2] or "c"
        files[f"{folder}Chart.yaml"] = (
            f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{files.get(folder + 'Chart.yaml', '')}"
        )
        if not any(path.startswith(f"{folder}templates/") for path in files):
            files[f"{folder}templates/v.yaml"] = TEMPLATE
    return files


def parameters_of(row):
    return [
        *(Parameter(name, value) for name, value in row.get("parameters", {}).items()),
        *(Parameter(name, value, is_text=True) for name, value in row.get("text", {}).items()),
    ]


def data_of(objects):
    return objects and {body["metadata"]["name"]: body.get("data") for _, body in objects}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_row(row, version):
    assert (
        data_of(ours(files_of(row), row.get("values", ()), parameters_of(row), helm=version)) == row["expect"][version]
    )


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_row_is_what_real_helm_prints(row, program):
    made = theirs(program, files_of(row), row.get("values", ()), parameters_of(row))
    assert data_of(made) == row["expect"][version_of(program)]


KEYS = st.sampled_from(["a", "b", "sub", "two", "global", "enabled", "tags", "exports"])
TABLES = st.dictionaries(
    KEYS,
    st.recursive(
        st.sampled_from([None, None, True, False, 1, "x", [1, None]]),
        lambda inner: st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=10,
    ),
    max_size=5,
)
IMPORTS = [
    "a",
    "b",
    {"child": "a", "parent": "b"},
    {"child": "global", "parent": "."},
    {"child": "b.a", "parent": "sub.a"},
]
PARAMETERS = st.builds(
    Parameter,
    st.sampled_from(
        ["a", "sub.a", "global.a", "global.b.a", "sub.two.b", "a[0]", "a.b[1].a", "sub.global.a", "tags.a"]
    ),
    st.sampled_from(["5", "null", "true", "x", "{1,x}"]),
)


def dependencies(names):
    one = st.fixed_dictionaries(
        {"name": st.sampled_from(names), "version": st.sampled_from(["1.x", "*", "2.0.0"])},
        optional={
            "alias": st.sampled_from(["a", "b", "ali"]),
            "condition": st.sampled_from(["sub.enabled", "a.enabled,b", "enabled", "global.enabled"]),
            "tags": st.just(["a"]),
            "import-values": st.lists(st.sampled_from(IMPORTS), max_size=2),
        },
    )
    return st.lists(one, max_size=2, unique_by=lambda each: each.get("alias", each["name"]))


@st.composite
def charts(draw, name="c", depth=2):
    """Any chart with subcharts, each of which prints its values."""
    names = sorted(draw(st.sets(st.sampled_from(["sub", "two"])))) if depth else []
    declared = draw(st.none() | (dependencies(names) if names else st.just([])))
    metadata = {"apiVersion": "v2", "name": name, "version": "1.0.0"}
    files = {
        "Chart.yaml": json.dumps(metadata if declared is None else {**metadata, "dependencies": declared}),
        "values.yaml": json.dumps(draw(TABLES)),
        "templates/v.yaml": helm_versions.SHOW + helm_versions.VALUES,
    }
    for each in names:
        inner = draw(charts(each, depth - 1))
        files |= {f"charts/{each}/{path}": text for path, text in inner.items()}
    return files


def without_aliases_of_umbrellas(files):
    """Helm 3 calls the subcharts of an aliased chart by its name, so those of two aliases overwrite each other."""
    kept = dict(files)
    for path in files:
        folder = path.removesuffix("Chart.yaml")
        metadata = json.loads(files[path]) if path.endswith("Chart.yaml") else {}
        for each in metadata.get("dependencies") or ():
            if any(other.startswith(f"{folder}charts/{each['name']}/charts/") for other in files):
                each.pop("alias", None)
        if metadata:
            kept[path] = json.dumps(metadata)
    return kept


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
def test_any_chart_gets_the_values_that_real_helm_gives_it(program):
    @settings(
        max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "25")),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(charts(), st.lists(TABLES.map(json.dumps), max_size=2), st.lists(PARAMETERS, max_size=2))
    def check(files, layers, parameters):
        if program.name.startswith("helm-3"):
            files = without_aliases_of_umbrellas(files)
        made = ours(files, layers, parameters, helm=version_of(program))
        assert helm_versions.shown(made) == helm_versions.shown(theirs(program, files, layers, parameters))

    check()
