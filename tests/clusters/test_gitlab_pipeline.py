"""The child pipeline for a fleet: whatever folders are called, it is YAML that says just that."""

import json
import shutil
import subprocess

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci import documents
from kubeaid_ci.clusters.gitlab_pipeline import child_pipeline
from kubeaid_ci.config_repo.cluster import ClusterInfo

ODD = (
    "production.example.com",
    "a b",
    "a\nb",
    "-x",
    "$(touch pwned)",
    "`touch pwned`",
    "'\"\\;#: |&*!%@",
    "1,000",
    "0x10",
    "12:30:45",
    "yes",
    "null",
    "~",
    "image",
    "$CI_JOB_TOKEN ${HOME} $$",
    "$[[ inputs.x ]]",
    "\u2028\u0085\ufeff\x7f\t\r\x1b",
    "ø 東 😀",
    "x" * 255,
    "x" * 254 + "y",
)


def pipeline(*folders: str, **options) -> str:
    clusters = [ClusterInfo("name", folder, "vars", None, "1.34.0", None, None, ()) for folder in folders]
    return child_pipeline(clusters, **{"variables": {}, **options})


def jobs(text: str) -> dict[str, dict]:
    return {name: job for name, job in yaml.safe_load(text).items() if name.startswith("build ")}


def folders(text: str) -> list[str]:
    said = [job["variables"]["KUBEAID_CI_CLUSTER"] for job in jobs(text).values()]
    assert all(variable["expand"] is False for variable in said)
    return [variable["value"] for variable in said]


def test_each_cluster_has_a_job_and_the_last_one_publishes() -> None:
    known = yaml.safe_load(pipeline("one", "two"))
    assert [name for name in known if isinstance(known[name], dict) and "stage" in known[name]] == [".build", "publish"]
    assert list(jobs(json.dumps(known))) == ["build one", "build two"]
    assert known["stages"] == ["build", "publish"]
    assert known["publish"]["when"] == "always"
    assert known[".build"]["artifacts"]["paths"] == known["build one"]["cache"][1]["paths"]


def test_odd_names_come_out_as_they_went_in() -> None:
    text = pipeline(*ODD)
    assert folders(text) == list(ODD)
    assert len(documents.load(text.encode(), where="child")) == len(yaml.safe_load(text))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), unique=True))
def test_any_names_come_out_as_they_went_in(names: list[str]) -> None:
    text = pipeline(*names)
    assert folders(text) == names
    assert all(len(name) <= 255 for name in jobs(text))


def test_names_that_look_the_same_are_numbered_and_long_ones_cut() -> None:
    assert list(jobs(pipeline("a b", "a\nb", "a\tb"))) == ["build a b", "build a b (2)", "build a b (3)"]
    first, second = jobs(pipeline(*ODD[-2:]))
    assert (len(first), second) == (200, f"{first} (2)")


def test_a_name_that_is_no_text_is_left_to_the_job_that_publishes() -> None:
    assert folders(pipeline("one", "\udc80")) == ["one"]


def test_the_script_hands_a_name_on_as_one_word_whatever_is_in_it(tmp_path) -> None:
    script = yaml.safe_load(pipeline("x"))[".build"]["script"]
    recorder = tmp_path / "kubeaid-ci"
    recorder.write_text("#!/bin/sh\nfor word; do last=$word; done; printf '%s' \"$last\"\n")
    recorder.chmod(0o755)
    shell = shutil.which("sh")
    assert shell
    for name in ODD:
        env = {"PATH": f"{tmp_path}:/bin:/usr/bin", "KUBEAID_CI_CLUSTER": name}
        done = subprocess.run([shell, "-ec", "\n".join(script)], cwd=tmp_path, env=env, capture_output=True)
        assert done.stdout.decode() == name
    assert [path.name for path in tmp_path.iterdir()] == ["kubeaid-ci"]


def test_every_job_gets_the_variables_as_they_are() -> None:
    known = yaml.safe_load(pipeline("one", variables={"KUBEAID_CI_LABELS": "a$b: c"}))
    assert known["variables"]["KUBEAID_CI_LABELS"] == {"value": "a$b: c", "expand": False}


def test_image_and_tags_are_those_that_were_asked_for() -> None:
    known = yaml.safe_load(pipeline("one", image="python:3.13", tags=["a", "b"]))["default"]
    assert (known["image"], known["tags"]) == ("python:3.13", ["a", "b"])
    assert {"image", "tags"}.isdisjoint(yaml.safe_load(pipeline("one"))["default"])


def test_no_clusters_leave_the_job_that_publishes() -> None:
    known = yaml.safe_load(pipeline())
    assert jobs(json.dumps(known)) == {}
    assert "publish" in known


def test_a_thousand_clusters_stay_below_what_gitlab_takes() -> None:
    assert len(pipeline(*(f"cluster-{number}.example.com" for number in range(1000)))) < 1024 * 1024
