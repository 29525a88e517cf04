from datetime import date
from pathlib import PurePosixPath

import pytest

from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.compare.manifests import Change
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.report.json import plain
from kubeaid_ci.semver.version import Version
from tests.report.samples import INVALID


def test_a_dataclass_becomes_a_dict_by_its_fields_in_order() -> None:
    change = Change("Role", "ns", "r", "r.yaml", Action.ADDED)
    result = BuildResult("prod", "p", None, "26.1.0", BuildStatus.CHANGED, ("a",), changes=(change,))
    shown = plain(result)
    assert list(shown)[:5] == ["cluster", "dir", "release", "kubeaid_revision", "status"]
    assert shown["status"] == "changed"
    assert type(shown["status"]) is str
    assert shown["written"] == ["a"]
    assert shown["changes"] == [
        {"kind": "Role", "namespace": "ns", "name": "r", "file": "r.yaml", "action": "added", "fields": []}
    ]


def test_secrets_and_the_input_of_a_rendering_are_not_printed() -> None:
    shown = plain(RenderedApp("prod", "prod", "web", RenderStatus.RENDERED, secrets=frozenset({"correct horse"})))
    assert "correct horse" not in str(shown)
    assert not {"secrets", "sources", "application"} & shown.keys()


def test_values_with_one_written_form_become_that_text() -> None:
    assert plain(
        {
            BuildStatus.FAILED: Version.parse("v1.2"),
            "remote": Remote.parse("git@git.example.com:Acme/Config.git"),
            "key": ObjectId("", "Pod", "ns", "p"),
            "path": PurePosixPath("a/b"),
            "day": date(2027, 6, 30),
            "set": frozenset({"b", "a"}),
        }
    ) == {
        "failed": "v1.2",
        "remote": "https://git.example.com/Acme/Config",
        "key": "Pod ns/p",
        "path": "a/b",
        "day": "2027-06-30",
        "set": ["a", "b"],
    }


def test_a_finding_shows_its_rule_by_id_and_help() -> None:
    finding = INVALID.at("a.jsonnet", "bad", subject="prod", line=2).suppressed("known")
    assert plain(finding) == {
        "rule": "build/vars-invalid",
        "severity": "error",
        "subject": "prod",
        "message": "bad",
        "help": "It will not build. Correct the line.",
        "path": "a.jsonnet",
        "line": 2,
        "fingerprint": finding.fingerprint,
        "suppressed_by": "known",
    }


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        plain([b"x"])
