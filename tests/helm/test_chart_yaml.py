"""What Helm reads in a Chart.yaml; held against helm programs."""

import json
import random

import pytest

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import chart_yaml
from tests import helm_binaries, repos

TOP = "apiVersion: v2\nname: c\n"


def read(chart: str, requirements: str | None = None) -> dict:
    """The fields, as Helm has them once the files are merged and validated; `UserError` if it refuses the chart."""

    def decoded(text):
        return chart_yaml.decode(next(iter(documents.load_all(text, where="f")), None), where="f")

    fields = decoded(chart) if requirements is None else chart_yaml.merged(decoded(chart), decoded(requirements))
    reason = chart_yaml.problem(fields)
    if reason is None:
        reason = chart_yaml.repeated_dependency(fields.get("dependencies") or ())
    if reason is not None:
        raise UserError(reason)
    return fields


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("version: 1.0.0", "1.0.0"),
        ("version: 1.10", "1.1"),
        ("version: 1", "1"),
        ("version: 1e3", "1000"),
        ("version: 0x10", "16"),
        ("version: 2026-01-01", "2026-01-01"),
        ("VERSION: 1.0.0", "1.0.0"),
        ("VERSION: 2.0.0\nversion: 1.0.0", "1.0.0"),
        ("version: 1.0.0\nversion: 2.0.0", "2.0.0"),
        ("appVersion: &v 1.0.0\nversion: *v", "1.0.0"),
        ('version: &v "1.0.0"', "1.0.0"),
        ("x: &b {version: 1.0.0}\n<<: *b", "1.0.0"),
        ("version: 1.0.0\n---\nversion: 2.0.0", "1.0.0"),
        ("version: 1.0.0\nunknown: {a: b}", "1.0.0"),
    ],
)
def test_a_version_is_read_however_it_is_written(text, version):
    assert read(f"{TOP}{text}\n")["version"] == version


def test_a_truth_value_is_text_where_helm_wants_text():
    fields = read("apiVersion: v2\nname: y\nversion: 1.0.0\nappVersion: off\ndeprecated: on\n")
    assert (fields["name"], fields["appVersion"], fields["deprecated"]) == ("true", "false", True)
    assert chart_yaml.problem(fields) is None
    assert chart_yaml.problem(fields | {"version": "true"}) == "version: 'true' is not a version"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "version is missing"),
        ("version: latest", "version: 'latest' is not a version"),
        ("version: [1]", "version: a list instead of text"),
        ("version: 1.0.0\ntype: plugin", "type: 'plugin' is neither"),
        ("version: 1.0.0\ndeprecated: 'true'", "deprecated: text 'true' instead of a boolean"),
        ("version: 1.0.0\ndependencies: {}", "dependencies: a mapping instead of a list"),
        ("version: 1.0.0\ndependencies: [~]", "dependencies: an item is empty"),
        ("version: 1.0.0\ndependencies: [{name: a, alias: 'a b'}]", "the alias 'a b' has other characters"),
        ("version: 1.0.0\ndependencies: [{name: a}, {name: b, alias: a}]", "a"),
        ("version: 1.0.0\ndependencies: [{name: a, tags: x}]", "tags: text 'x' instead of a list"),
        ("version: 1.0.0\nmaintainers: [~]", "maintainers: an item is empty"),
        ("version: 1.0.0\nname: a/b", "name: 'a/b' is not allowed"),
        ("version: 1.0.0\nname: ''", "name is missing"),
    ],
)
def test_what_helm_does_not_load_has_a_reason(text, reason):
    with pytest.raises(UserError) as told:
        read(f"{TOP}{text}\n")
    assert reason in str(told.value)


A, B = "{name: a, version: 1.0.0, alias: q}", "{name: b, version: 1.0.0}"


@pytest.mark.parametrize(
    ("chart", "requirements", "expected"),
    [
        (f"[{A}]", "", ["a as q"]),
        (f"[{A}]", "dependencies: []", []),
        (f"[{A}]", "dependencies: ~", []),
        ("[]", f"dependencies: [{B}]", ["b as "]),
        (f"[{A}]", "dependencies: [{name: b, version: 2.0.0}]", ["b as q"]),
        (f"[{A}, {B}]", "dependencies: [{name: c, alias: z}]", ["c as z"]),
        (f"[{A}]", f"dependencies: [{B}, {{name: c}}]", ["b as q", "c as "]),
    ],
)
def test_a_requirements_file_is_laid_over_the_chart_of_any_version(chart, requirements, expected):
    fields = read(f"{TOP}version: 1.0.0\ndependencies: {chart}\n", requirements)
    assert [f"{one['name']} as {one.get('alias', '')}" for one in fields["dependencies"] or ()] == expected
    assert read(f"{TOP}version: 1.0.0\n", "name: other")["name"] == "other"


_SCALARS = ["1.0", "1", "'1.0'", "x", "~", "true", "on", "1.2.3", "v1.0.0", "1e3", "0x1", "2026-01-01", "''", "[]", "[1]", "[x]", "{}", "{a: 1}", "&a 2.0.0", "!!str 3", "123456789.5", "library", "a/b", "'a\\tb'", '"a\\u200bb"', "[~]", "[{name: a}]", "[{name: a}, {name: a}]", "[{name: a, alias: z}, {name: b}]", "[{Name: a, version: 1.10}]"]  # fmt: skip
_FIELDS = ["name", "version", "appVersion", "deprecated", "dependencies", "type", "keywords", "sources", "annotations", "maintainers", "icon", "Version", "kubeVersion", "unknown"]  # fmt: skip


def generated(pick: random.Random) -> str:
    lines = {"apiVersion": "v2", "name": "c", "version": "1.0.0"}
    for _ in range(pick.randrange(1, 3)):
        lines[pick.choice(_FIELDS)] = pick.choice(_SCALARS)
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


@helm_binaries.needs_helm
def test_generated_files_are_read_as_helm_reads_them(tmp_path):
    pick = random.Random(6)
    repos.write(tmp_path, {"templates/t.yaml": "c: {{ toJson .Chart | quote }}\n"})
    for name in ("a", "b", "x"):
        repos.write(tmp_path, {f"charts/{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"})
    for _ in range(150):
        text, more = generated(pick), generated(pick) if pick.random() < 0.2 else None
        (tmp_path / "Chart.yaml").write_text(text)
        (tmp_path / "requirements.yaml").unlink(missing_ok=True)
        if more is not None:
            (tmp_path / "requirements.yaml").write_text(more)
        try:
            ours = read(text, more)
        except UserError:
            ours = None
        if ours is not None and (ours.get("type") == "library" or ours.get("kubeVersion")):
            continue  # refused for other reasons than what is read
        out = helm_binaries.run("template", tmp_path)
        if "missing in charts" in out.stderr:
            assert ours is not None, text
            continue
        assert (ours is None) == bool(out.returncode), f"{text}{more}{out.stderr}"
        if ours is None:
            continue
        (line,) = (line for line in out.stdout.splitlines() if line.startswith("c: "))
        theirs = json.loads(json.loads(line.removeprefix("c: ")))
        assert theirs["Version"] == ours["version"]
        assert theirs["Deprecated"] == ours.get("deprecated", False)
        said = [(one["Name"], one["Version"], one["Alias"]) for one in theirs["Dependencies"] or ()]
        # Helm gives a dependency the name of its alias.
        assert said == [
            (one.get("alias") or one["name"], one.get("version", ""), one.get("alias", ""))
            for one in ours.get("dependencies") or ()
        ]
