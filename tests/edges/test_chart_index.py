import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubeaid_ci.documents import dump
from kubeaid_ci.edges.chart_index import Index, matching
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.upstream import Release

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
      number: 1
    apiVersion: v2
    appVersion: 1.10
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
  - version: v1.2.2
  - version: 7
  - nothing
generated: 2024-01-02T03:04:05Z
"""
WEB = (
    Release(
        "1.2.3",
        app_version="1.1",
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
    broken = TEXT.replace("version: 1.0.0", "version: *unknown")
    assert index(broken).releases("web") == WEB
    assert index(broken).releases("nothing") is None
    with pytest.raises(UserError, match=r"host/index\.yaml:6: not valid YAML: unknown anchor"):
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
    text = json.dumps({"entries": {"web": [{"version": "1", "urls": ["a.tgz"]}]}})
    assert index(text).releases("web") == (Release("1", url="a.tgz"),)
    assert index(text).releases("api") is None
    assert index("{entries: {web: [{version: '1'}]}}").releases("web") == (Release("1"),)


@pytest.mark.parametrize("text", ["entries: {}\n", "entries:\n", "apiVersion: v1\n", "entries: null"])
def test_an_empty_index_has_no_chart(text: str) -> None:
    assert index(text).releases("web") is None


@pytest.mark.parametrize("text", ["", "<html>moved</html>", "[]", "entries: []", "entries: text", "a: [", "x: \xff\0"])
def test_what_is_no_index_says_so(text: str) -> None:
    with pytest.raises(UserError, match=r"host/index\.yaml"):
        index(text).releases("web")
    with pytest.raises(UserError, match="not UTF-8"):
        index(b"entries:\n  web:\n  - version: '\xff'\n")


@pytest.mark.parametrize(
    "hiding",
    [
        '  api:\n  - description: "\n  web:\n  - version: 6.6.6\n    x: "\n    version: 1.0.0\n',
        "  api:\n  - description: '\n  web:\n  - version: 6.6.6\n    x: '\n    version: 1.0.0\n",
        "  api:\n  - description: [\n  web:\n  ]\n    version: 1.0.0\n",
        "  api:\n  - description: {a: 1,\n  web:\n  }\n    version: 1.0.0\n",
    ],
)
def test_a_name_inside_a_text_or_a_list_is_none(hiding: str) -> None:
    text = f"apiVersion: v1\nentries:\n{hiding}"
    assert index(text).releases("web") is None
    releases = index(text).releases("api")
    assert releases is not None
    assert [one.version for one in releases] == ["1.0.0"]


def test_an_alias_of_another_chart_is_followed() -> None:
    text = "apiVersion: v1\nentries:\n  api:\n  - &one\n    version: 1.0.0\n  web:\n  - *one\n"
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
    entry = "  - description: some words\n    urls:\n    - x.tgz\n    version: 1.0.0\n"
    text = "apiVersion: v1\nentries:\n" + "".join(f"  chart-{number}:\n{entry * 300}" for number in range(1000))
    assert len(text) > 20_000_000
    data = text.encode()
    tracemalloc.start()
    releases = index(data).releases("chart-500")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(releases or ()) == 300
    assert most < 4 * len(text)
    with pytest.raises(UserError, match="letters are more than the 25,165,824 that are parsed"):
        index("# \t\n" + text * 2).releases("chart-500")


LINES = [
    "  web:", "  api:", "  web: ", "  'web':", "  - version: 1.0.0", "  - version: 2.0.0", "    version: 3.0.0",
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
    whole._pieces = None
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
    made = index("entries:\n  web:\n  - version: v1.2.3\n  - version: 1.2.3+build\n")
    assert made.release("web", "1.2.3") == Release("v1.2.3")
    assert made.release("web", "1.2.3+build") == Release("1.2.3+build")
    assert made.release("web", "1.2.4") is None
    assert made.release("api", "1.2.3") is None


def test_what_goes_writer_makes_is_read_quickly() -> None:
    entries = {
        f"chart-{i}": [{"version": f"1.0.{n}", "description": "words " * 40, "urls": ["a"]} for n in range(3)]
        for i in range(5)
    }
    made = index(dump({"apiVersion": "v1", "entries": entries, "generated": "x"}))
    assert made._pieces is not None
    assert [one.version for one in made.releases("chart-3") or ()] == ["1.0.0", "1.0.1", "1.0.2"]
