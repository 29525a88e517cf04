import json
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import dump
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.index import Index, matching
from kubeaid_ci.helm.published import Release
from tests import helm_binaries

SHA = "ab" * 32
TEXT = f"""apiVersion: v1
entries:
  api:
  - name: api
    urls: [api-1.tgz]
    version: 1.0.0
  # the wanted one
  web:
  - annotations:
      artifacthub.io/changes: |
        - kind: added
          description: "quoted
      number: '1'
    apiVersion: v2
    appVersion: '1.10'
    created: 2024-01-02T03:04:05Z
    deprecated: true
    description: a text that goes
      on and says "hello
    digest: sha256:{SHA.upper()}
    home: https://example.com
    kubeVersion: '>=1.20'
    name: web
    removed: true
    sources:
    - https://example.com/source
    urls:
    - https://example.com/web-1.2.3.tgz
    - https://mirror.example.com/web-1.2.3.tgz
    version: 1.2.3
  - name: web
    version: v1.2.2
  - name: web
    version: 1.2.1-01
  - version: 1.2.0
generated: 2024-01-02T03:04:05Z
"""
WEB = (
    Release(
        "1.2.3",
        app_version="1.10",
        kube_version=">=1.20",
        created="2024-01-02T03:04:05Z",
        digest=SHA,
        url="https://example.com/web-1.2.3.tgz",
        deprecated=True,
        removed=True,
        home="https://example.com",
        sources=("https://example.com/source",),
        annotations={"artifacthub.io/changes": '- kind: added\n  description: "quoted\n', "number": "1"},
    ),
    Release("v1.2.2"),
)


def index(text: str | bytes) -> Index:
    return Index(text.encode() if isinstance(text, str) else text, where="host/index.yaml")


def test_the_entries_of_a_chart_are_read_and_others_are_not_parsed() -> None:
    broken = TEXT.replace("urls: [api-1.tgz]", "urls: *unknown")
    assert index(broken).releases("web") == WEB
    assert index(broken).releases("nothing") is None
    with pytest.raises(UserError, match=r"host/index\.yaml:5: not valid YAML: unknown anchor"):
        index(broken).releases("api")


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        "---\n" + TEXT,
        TEXT.replace("  web:", "  'web':"),
        TEXT.replace("  web:", "  web: # comment"),
        TEXT.replace("  web:", "  web: &anchor"),
        TEXT.replace("\n  ", "\n      "),
        TEXT.replace("\n  ", "\n    ").replace("\n    api:", "\n  api:").replace("\n    web:", "\n  web:"),
    ],
    ids=["plain", "crlf", "bom", "document", "quoted", "comment", "anchor", "deep", "indented"],
)
def test_however_an_index_is_laid_out_it_says_the_same(text: str) -> None:
    releases = index(text).releases("web")
    assert releases is not None
    assert [(one.version, one.url, one.deprecated) for one in releases] == [
        ("1.2.3", "https://example.com/web-1.2.3.tgz", True),
        ("v1.2.2", None, False),
    ]


def test_json_is_read() -> None:
    text = json.dumps({"apiVersion": "v1", "entries": {"web": [{"name": "web", "version": "1", "urls": ["a.tgz"]}]}})
    assert index(text).releases("web") == (Release("1", url="a.tgz"),)
    assert index(text).releases("api") is None
    in_braces = "{apiVersion: v1, entries: {web: [{name: web, version: '1'}]}}"
    assert index(in_braces).releases("web") == (Release("1"),)


@pytest.mark.parametrize("text", ["entries: {}\n", "entries:\n", "", "entries: null"])
def test_an_empty_index_has_no_chart(text: str) -> None:
    assert index(f"apiVersion: v1\n{text}").releases("web") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>moved</html>",
        "[]",
        "apiVersion: v1\nentries: []",
        "apiVersion: v1\nentries: text",
        "a: [",
        "x: \xff\0",
        "entries: {}",
    ],
)
def test_what_is_no_index_says_so(text: str) -> None:
    with pytest.raises(UserError, match=r"host/index\.yaml"):
        index(text).releases("web")
    with pytest.raises(UserError, match="not UTF-8"):
        index(b"entries:\n  web:\n  - version: '\xff'\n")


@pytest.mark.parametrize(
    "hiding",
    [
        '  api:\n  - description: "\n  web:\n  - version: 6.6.6\n    home: "\n    version: 1.0.0\n    name: api\n',
        "  api:\n  - description: '\n  web:\n  - version: 6.6.6\n    home: '\n    version: 1.0.0\n    name: api\n",
        "  api:\n  - dependencies: [{import-values: [\n  web:\n  ]}]\n    version: 1.0.0\n    name: api\n",
        "  api:\n  - annotations: {a: b,\n  web:\n  }\n    version: 1.0.0\n    name: api\n",
    ],
)
def test_a_name_inside_a_text_or_a_list_is_none(hiding: str) -> None:
    text = f"apiVersion: v1\nentries:\n{hiding}"
    assert index(text).releases("web") is None
    releases = index(text).releases("api")
    assert releases is not None
    assert [one.version for one in releases] == ["1.0.0"]


def test_an_alias_of_another_chart_is_followed() -> None:
    text = "apiVersion: v1\nentries:\n  api:\n  - &one\n    name: web\n    version: 1.0.0\n  web:\n  - *one\n"
    assert index(text).releases("web") == (Release("1.0.0"),)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["apiVersion: v1", "entries:", "  web:", "  - a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(UserError, match="aliases repeat more than"):
        index("\n".join(lines)).releases("web")
    with pytest.raises(UserError, match="nest"):
        index("apiVersion: v1\nentries:\n  web:\n  - a: " + "[" * 100_000).releases("web")
    with pytest.raises(UserError, match=r"nested|not valid"):
        index('{"entries": ' + "[" * 100_000).releases("web")


def test_a_large_index_is_read_in_little_more_memory_than_its_text() -> None:
    entry = "  - description: some words\n    name: chart\n    urls:\n    - x.tgz\n    version: 1.0.0\n"
    text = "apiVersion: v1\nentries:\n" + "".join(f"  chart-{number}:\n{entry * 300}" for number in range(1000))
    assert len(text) > 20_000_000
    data = text.encode()
    tracemalloc.start()
    releases = index(data).releases("chart-500")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(releases or ()) == 300
    assert most < 4 * len(text)
    with pytest.raises(UserError, match="characters are more than the 25,165,824 that are parsed"):
        index("# \t\n" + text * 2).releases("chart-500")


LINES = [
    "  web:", "  api:", "  web: ", "  'web':", "  - name: x\n    version: 1.0.0", "  - name: y\n    version: 2.0.0", "    version: 3.0.0",
    '    a: "x', '    b: y"', "    c: 'it''s", "    d: '", "    e: |", "      web:", "  text", "", "  # note", "    f: [",
    "    ]", "    g: {a: b}", "    h: say \"x", "   - version: 9", "    - version: 8", "  - ", "  -", "    i: &a 1", "    j: *a",
    "    l: !!str \"x", "    m: &b 'x",
    "entries:", "generated: x", "  ? \"", "  <<: {}", "    k: \"a\\", "     web:", " web:",
    '  - version: "1.0\\x2e0"', "  - version: *a", "    n: &a 2.0.0", "    version: &a 1.0.0", "  - <<: *a", "- version: 1.0.0",
    '    "versio\\x6e": 2.0.0', "    version: |-", "      1.0.0", "  - - 1.0.0",
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=14))
@example(["  api:", '    h: say "x', "  web:", "  - version: 1.0.0", '    b: y"'])
@settings(max_examples=400, deadline=None)
def test_the_quick_reader_never_differs_from_the_whole_one(lines: list[str]) -> None:
    text = "\n".join(["apiVersion: v1", "entries:", *lines, ""])
    whole = index(text)
    whole._cut = None
    try:
        expected = {name: whole.releases(name) for name in ("web", "api")}
    except UserError:
        return
    for name, releases in expected.items():
        for version in ("1.0.0", "2.0", "2.0.0", "v3.0.0", "8", "9"):
            assert index(text).release(name, version) == matching(releases or (), version)
    quick = index(text)
    assert {name: quick.releases(name) for name in ("web", "api")} == expected


def test_one_version_is_found_without_parsing_the_others() -> None:
    entries = [{"version": f"1.0.{n}", "name": "web", "urls": [f"web-1.0.{n}.tgz"]} for n in range(30)]
    text = dump({"apiVersion": "v1", "entries": {"web": entries}})
    made = index(text.replace("version: 1.0.7\n", "version: 1.0.7\n    home: a: b\n"))
    found = made.release("web", "1.0.9")
    assert found is not None
    assert found.url == "web-1.0.9.tgz"
    with pytest.raises(UserError, match="not valid YAML"):
        made.release("web", "1.0.7")


def test_a_version_written_otherwise_is_found_too() -> None:
    entries = "".join(f"  - name: web\n    version: {version}\n" for version in ("v1.2.3", "1.2.3+build"))
    made = index(f"apiVersion: v1\nentries:\n  web:\n{entries}")
    assert made.release("web", "1.2.3") == Release("v1.2.3")
    assert made.release("web", "1.2.3+build") == Release("1.2.3+build")
    assert made.release("web", "1.2.4") is None
    assert made.release("api", "1.2.3") is None


def test_what_goes_writer_makes_is_read_quickly() -> None:
    entries = {
        f"chart-{i}": [
            {"name": "x", "version": f"1.0.{n}", "description": "words " * 40, "urls": ["a"]} for n in range(3)
        ]
        for i in range(5)
    }
    made = index(dump({"apiVersion": "v1", "entries": entries, "generated": "2026-01-02T03:04:05Z"}))
    assert made._cut is not None
    assert [one.version for one in made.releases("chart-3") or ()] == ["1.0.0", "1.0.1", "1.0.2"]


ONE = "apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, urls: [a.tgz]}\n"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("version: 1.0", "a number '1' instead of text; it must be quoted"),
        ("version: 1.1.0, appVersion: 2", "appVersion: a number '2' instead of text"),
        ("version: 1.1.0, appVersion: on", "a boolean 'true' instead of text"),
        ("version: 1.1.0, version: 1.2.0", "the key version is set twice"),
        ("version: 1.1.0, foo: x", "foo: an unknown field"),
        ("version: 1.1.0, created: 2026", "created: a number '2026' instead of text"),
        ("version: 1.1.0, urls: a.tgz", "text 'a.tgz' instead of a list"),
        ("version: 1.1.0, deprecated: 'true'", "text 'true' instead of a boolean"),
        ("version: 1.1.0, annotations: {a: 1}", "annotations.a: a number '1' instead of text"),
        ("version: 1.1.0, maintainers: [{name: a, team: b}]", "team: an unknown field"),
        ("version: 1.1.0, dependencies: [{name: a, version: 1.0}]", "dependencies[0].version: a number '1'"),
    ],
)
@pytest.mark.parametrize("chart", ["web", "other"])
def test_one_entry_that_helm_cannot_decode_makes_it_refuse_the_whole_index(entry: str, reason: str, chart: str) -> None:
    """Whichever chart it is of: most of an index is not parsed, but looked through."""
    fields = "".join(f"\n    {field}" for field in entry.split(", ", 1))
    text = f"{ONE}  {chart}s:\n  - name: {chart}{fields}\n"
    assert index(ONE).releases("web") == (Release("1.0.0", url="a.tgz"),)
    with pytest.raises(UserError) as told:
        index(text).releases(f"{chart}s")
    assert reason in str(told.value)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("version: 0.2.1-061.4221738", "version: '0.2.1-061.4221738' is not a version"),
        ("version: ' 1.1.0'", "version: ' 1.1.0' is not a version"),
        ("version: ''", "version is missing"),
        ("version: 1.1.0, name: ''", "name is missing"),
        ("version: 1.1.0, name: a/b", "name: 'a/b' is not allowed"),
        ("version: 1.1.0, type: plugin", "type: 'plugin' is neither application nor library"),
        ("version: 1.1.0, maintainers: [~]", "maintainers: an item is empty"),
        ("version: 1.1.0, dependencies: [~]", "dependencies: an item is empty"),
        (
            "version: 1.1.0, dependencies: [{name: a, alias: a.b}]",
            "dependencies: the alias 'a.b' has other characters than letters, digits, - and _",
        ),
    ],
)
def test_an_entry_that_helm_finds_invalid_is_skipped(entry: str, reason: str) -> None:
    name = "" if "name: '" in entry or "name: a/" in entry else "name: web, "
    found = index(f"{ONE}  - {{{name}{entry}}}\n")
    assert found.releases("web") == (Release("1.0.0", url="a.tgz"),)
    version = entry.split(",")[0].removeprefix("version: ").strip("'")
    version = f" {version.strip()}" if entry.startswith("version: ' ") else version
    assert found.skipped("web", version) == reason
    assert found.skipped("web", "1.0.0") is None


_SCALARS = ["1.0", "1", "'1.0'", "x", "~", "true", "on", "1.2.3", "1e3", "0x1", "2026-01-01", "1:30", ".inf", "''", "-", "[]", "[1]", "[a]", "{}", "{a: b}", "1.0 # c", "&a x", "!!str 1", "=", "library", "a/b", "2026-13-01T00:00:00Z", "'2026-02-01T00:00:00.5+01:00'"]  # fmt: skip
_FIELDS = ["name", "version", "appVersion", "home", "sources", "keywords", "deprecated", "removed", "urls", "created", "digest", "annotations", "maintainers", "dependencies", "type", "apiVersion", "tags", "checksum", "foo", "Version"]  # fmt: skip


def generated(pick: random.Random) -> str:
    """An index as Helm writes it, with few mistakes."""
    lines = ["apiVersion: v1", "entries:"]
    for chart in ("web", "api"):
        lines.append(f"  {chart}:")
        for number in range(pick.randrange(1, 4)):
            version = pick.choice(["1.0.%d", "v2.0.%d", "1.0.%d-rc.1", "1.0.%d+b", "%d"]) % number
            fields = {"name": chart, "version": repr(version), "urls": "[a.tgz]", "created": "'2026-01-02T03:04:05Z'"}
            if pick.random() < 0.2:
                key = pick.choice(_FIELDS)
                # A time of another form is read all the same.
                fields[key] = pick.choice([one for one in _SCALARS if key != "created" or one[:1] in "~[{0"])
            first, *others = (f"{key}: {value}" for key, value in fields.items())
            lines += [f"  - {first}", *(f"    {line}" for line in others)]
            if pick.random() < 0.03:
                lines.append(f"    version: {version}")
    return "\n".join([*lines, ""])


def listed_by_helm(text: str, folder: Path) -> list[str] | None:
    """The versions of all charts; None if Helm refuses the index."""
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "cache/x-index.yaml").write_text(text)
    (folder / "repositories.yaml").write_text("repositories:\n- {name: x, url: 'http://127.0.0.1:1'}\n")
    places = ["--repository-config", folder / "repositories.yaml", "--repository-cache", folder / "cache"]
    out = helm_binaries.run("search", "repo", "--versions", "--devel", "-o", "json", *places)
    if "corrupt" in out.stderr:
        return None
    return sorted(one["version"] for one in json.loads(out.stdout or "[]"))


@helm_binaries.needs_helm
def test_generated_indexes_are_read_as_helm_reads_them(tmp_path: Path) -> None:
    pick = random.Random(5)
    for _ in range(120):
        text = generated(pick)
        made = index(text)
        try:
            ours = sorted(one.version for chart in ("web", "api") for one in made.releases(chart) or ())
        except UserError:
            ours = None
        assert ours == listed_by_helm(text, tmp_path), text
