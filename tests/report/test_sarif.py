import json
from dataclasses import replace

from kubeaid_ci.report.sarif import render
from tests.report.samples import INVALID, build_report, hostile_report


def run_of(report) -> dict:
    document = json.loads(render(report))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


def test_the_rules_come_with_title_help_and_level() -> None:
    driver = run_of(build_report())["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("kubeaid-ci", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == [
        "build/stale",
        "build/vars-invalid",
        "suppression-unused",
    ]
    assert driver["rules"][1] == {
        "id": "build/vars-invalid",
        "shortDescription": {"text": "build: Vars invalid"},
        "fullDescription": {"text": "It will not build. Correct the line."},
        "help": {
            "text": "It will not build. Correct the line.",
            "markdown": "It will not build. Correct the line.",
        },
        "helpUri": "https://github.com/Obmondo/kubeaid-ci/blob/main/docs/rules/build/vars-invalid.md",
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["build"], "problem.severity": "error"},
    }


def test_a_result_points_at_its_rule_its_file_and_its_line() -> None:
    run = run_of(build_report())
    finding = build_report().findings[2]
    assert run["results"][2] == {
        "ruleId": "build/vars-invalid",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "k8s/prod/prod-vars.jsonnet", "uriBaseId": "SRCROOT"},
                    "region": {"startLine": 3},
                },
                "logicalLocations": [{"name": "prod"}],
            }
        ],
        "partialFingerprints": {"kubeaidCiFinding/v1": finding.fingerprint},
        "suppressions": [],
    }
    assert list(run["originalUriBaseIds"]) == ["SRCROOT"]
    assert [result["level"] for result in run["results"]] == ["note", "warning", "error", "error", "warning"]


def test_a_suppressed_finding_says_why() -> None:
    assert run_of(build_report())["results"][4]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "until Monday"}
    ]


def test_a_path_becomes_a_relative_uri_whatever_it_holds() -> None:
    odd = INVALID.at("k8s/a b/ü:#?%\udcff.yaml", "x", subject="s")
    (result,) = run_of(replace(build_report(), findings=(odd,)))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "k8s/a%20b/%C3%BC%3A%23%3F%25%FF.yaml"
    assert place["region"] == {"startLine": 1}


def test_a_finding_without_a_path_is_placed_at_its_subject_for_code_scanning_refuses_it_else() -> None:
    (result,) = run_of(replace(build_report(), findings=(INVALID.at(None, "x", subject="prod"),)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "prod"


def test_commands_have_categories_of_their_own() -> None:
    assert run_of(build_report())["automationDetails"] == {"id": "kubeaid-ci/build/"}


def test_a_report_without_findings_is_a_run_without_results() -> None:
    run = run_of(replace(build_report(), findings=()))
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []


def test_hostile_text_is_made_visible() -> None:
    (first, _) = run_of(hostile_report())["results"]
    assert first["message"]["text"].startswith(r"\x1b[2J<script>")
