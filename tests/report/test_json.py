import json
from dataclasses import replace

from kubeaid_ci.report.json import dump, parts, render, result_text
from tests.report.samples import build_report, hostile_report


def test_the_object_has_the_keys_of_the_schema_in_order() -> None:
    text = render(build_report())
    document = json.loads(text)
    assert list(document) == ["schema", "command", "version", "revisions", "summary", "results", "findings"]
    assert (document["schema"], document["command"], document["version"]) == (
        "kubeaid-ci/v1",
        "build",
        "1.2.3",
    )
    assert [result["cluster"] for result in document["results"]] == ["prod", "stage", "edge"]
    assert list(document["findings"][0]) == [
        "rule",
        "severity",
        "subject",
        "message",
        "help",
        "path",
        "line",
        "fingerprint",
        "suppressed_by",
    ]
    assert document["findings"][4]["suppressed_by"] == "until Monday"
    assert text.startswith('{\n  "schema"')
    assert text.endswith("}\n")
    assert text == render(build_report())


def test_hostile_text_survives_unchanged_and_shows_nothing_that_a_terminal_or_a_runner_obeys() -> None:
    text = render(hostile_report())
    assert text.isascii()
    assert "\x1b" not in text
    assert "##[" not in text
    finding = hostile_report().findings[0]
    assert json.loads(text)["findings"][0]["message"] == finding.message


def test_a_file_name_that_is_no_utf_8_survives() -> None:
    assert json.loads(dump({"path": "a\udcff"})) == {"path": "a\udcff"}


def test_parts_are_the_whole_object_with_any_number_of_results() -> None:
    report = hostile_report()
    several = replace(report, results=(*build_report().results, *report.results))
    for number in range(len(several.results) + 1):
        some = replace(several, results=several.results[:number])
        whole = dump(json.loads(render(some)))
        assert "".join(parts(some)) == whole
        assert len(json.loads(whole)["results"]) == number
        stored = replace(some, results=(), result_texts=list(map(result_text, some.results)))
        assert render(stored) == whole
