"""The templates, included in every way, run by `gitlab-ci-local` against a played GitLab."""

import base64
import hashlib
import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import repos
from tests.gitlab.site import BRANCH, JOB_TOKEN, ROOT, TOKEN, VERSION, Checkout, Done, Site
from tests.renders import root
from tests.repos import vars_file

CONFIG = {"package": "", "config-repo": "$CI_SERVER_URL/acme/config.git"}
KUBEAID = {"package": "", "kubeaid": "$CI_SERVER_URL/acme/kubeaid.git"}


def local(checkout: Checkout, name: str, inputs: dict) -> dict:
    path = f"gitlab-ci-templates/{name}.yml"
    checkout.write({path: (ROOT / path).read_text("utf-8")})
    return {"local": f"/{path}", "inputs": inputs}


def project(name: str, inputs: dict) -> dict:
    file = f"/gitlab-ci-templates/{name}.yml"
    return {"project": "acme/kubeaid-ci", "ref": VERSION, "file": file, "inputs": inputs}


def remote(site: Site, name: str, inputs: dict) -> dict:
    address = f"{site.server.url}/acme/kubeaid-ci/-/raw/{VERSION}/gitlab-ci-templates/{name}.yml"
    return {"remote": address, "inputs": inputs}


def component(name: str, inputs: dict) -> dict:
    return {"component": f"$CI_SERVER_FQDN/acme/kubeaid-ci/{name}@{VERSION}", "inputs": inputs}


def assert_no_token(done: Done, *folders: Path) -> None:
    """Nowhere in the log, the artifacts, the cache, the work trees or Git's own files."""
    secrets = [TOKEN.encode(), base64.b64encode(f"oauth2:{TOKEN}".encode())]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for data in (done.output.encode(), *(path.read_bytes() for path in files)):
        assert not [secret for secret in secrets if secret in data]


def test_a_push_to_kubeaid_opens_a_merge_request_and_the_next_leaves_it_alone(site: Site, kubeaid: Checkout) -> None:
    included = local(kubeaid, "publish-from-kubeaid", CONFIG | {"labels": "ci", "reviewers": "alice"})
    later = {"stage": "deploy", "needs": ["kubeaid-ci-publish"], "script": ['echo "it is $KUBEAID_CI_OUTPUT_URL"']}
    kubeaid.pipeline(included, tell_it=later)
    kubeaid.write({"build/kube-prometheus/lib/default_vars.libsonnet": repos.DEFAULTS + "// pushed\n"})

    first = kubeaid.run()
    (change,) = site.open_changes(BRANCH)
    assert (first.code, first.jobs()) == (0, {"kubeaid-ci-publish": "PASS", "tell-it": "PASS"}), first.output
    assert (change.base, change.labels, change.reviewers) == ("main", ["ci"], ["alice"])
    assert f"it is {site.server.url}/acme/config/-/merge_requests/{change.number}" in first.output
    reports = {"junit.xml", "outputs.env", "publish.html"}
    assert {f"kubeaid-ci-reports/{name}" for name in reports} <= first.artifacts("kubeaid-ci-publish")
    assert_no_token(first, kubeaid.folder)

    site.server.seen.clear()
    second = kubeaid.run()
    assert "OUTCOME=unchanged\n" in second.artifact("kubeaid-ci-publish", "kubeaid-ci-reports/outputs.env")
    assert site.server.writes() == []
    assert second.output.count(", cached)") == 2, "the cache of the first run was not used"


def test_a_merge_request_on_kubeaid_shows_what_it_would_change_and_needs_no_token(
    site: Site, kubeaid: Checkout
) -> None:
    kubeaid.settings = {"CI_JOB_TOKEN": JOB_TOKEN}
    kubeaid.pipeline(project("publish-from-kubeaid", CONFIG))
    kubeaid.write({"build/kube-prometheus/lib/default_vars.libsonnet": repos.DEFAULTS.replace("30d", "90d")})
    done = kubeaid.run(source="merge_request_event")
    assert (done.code, done.jobs()) == (0, {"kubeaid-ci-preview": "PASS"}), done.output
    preview = "kubeaid-ci-reports/preview"
    (text,) = [path for path in done.artifacts("kubeaid-ci-preview") if path.endswith(".md")]
    assert text.startswith(preview)
    assert "retention: 90d" in done.artifact("kubeaid-ci-preview", text)
    assert site.server.writes() == []
    assert not [path for _, path, _ in site.server.seen if path.startswith("/api/")]


def test_changed_settings_in_the_config_repo_open_a_merge_request_there(site: Site, config: Checkout) -> None:
    config.pipeline(component("rebuild-config-repo", KUBEAID))
    config.write({".kubeaid-ci.yaml": "publish:\n  labels: [ci]\n  per-cluster: true\n"})
    done = config.run()
    assert (done.code, done.jobs()) == (0, {"kubeaid-ci-publish": "PASS"}), done.output
    heads = {change.head: change.labels for change in site.open_changes()}
    assert heads == {f"{BRANCH}/one": ["ci"], f"{BRANCH}/two": ["ci"]}
    assert "KUBEAID_CI_OUTPUT_OUTCOME=created" in done.artifact("kubeaid-ci-publish", "kubeaid-ci-reports/outputs.env")
    assert_no_token(done, config.folder)


def test_a_merge_request_on_the_config_repo_fails_where_manifests_are_stale(site: Site, config: Checkout) -> None:
    config.settings = {"CI_JOB_TOKEN": JOB_TOKEN}
    config.pipeline(remote(site, "build", KUBEAID))
    done = config.run(source="merge_request_event")
    assert (done.code, done.jobs()) == (1, {"kubeaid-ci-build": "FAIL"}), done.output
    quality = json.loads(done.artifact("kubeaid-ci-build", "kubeaid-ci-reports/codequality.json"))
    assert {one["location"]["path"] for one in quality if one["check_name"] == "build/stale"} == {
        "k8s/one/kube-prometheus",
        "k8s/two/kube-prometheus",
    }
    junit = ElementTree.fromstring(done.artifact("kubeaid-ci-build", "kubeaid-ci-reports/junit.xml"))
    assert junit.findall(".//failure")

    config.pipeline(remote(site, "build", KUBEAID | {"fail-on": "never"}))
    assert config.run(source="merge_request_event").jobs() == {"kubeaid-ci-build": "PASS"}
    assert site.server.writes() == []


def test_a_fleet_is_built_by_a_job_for_each_cluster_and_published_by_one(site: Site, config: Checkout) -> None:
    odd = "it's $(touch pwned) odd"
    files = {"k8s/bad/bad-vars.jsonnet": "{", f"k8s/{odd}/odd-vars.jsonnet": vars_file()}
    site.repo.commit("main", files, "A bad cluster and one with an odd folder")
    config.write(files)
    inputs = {"kubeaid-ref": "1.0.0", "labels": "ci", "tags": ["shell"]}
    config.pipeline(local(config, "publish-fleet", KUBEAID | inputs))
    done = config.run(source="schedule")
    built = {"build one": "PASS", "build two": "PASS", f"build {odd}": "PASS", "build bad": "FAIL"}
    # One bad cluster makes its job fail and the one that publishes, which publishes the others all the same.
    assert done.jobs() == {"kubeaid-ci-plan": "WARN", "kubeaid-ci-fleet": "PASS", "publish": "FAIL"} | built
    (change,) = site.open_changes(BRANCH)
    assert (change.labels, change.title.startswith("Draft: ")) == (["ci"], True)
    assert "k8s/bad" not in " ".join(site.repo.files(BRANCH)).replace("k8s/bad/bad-vars.jsonnet", "")
    published = [line for line in done.output.splitlines() if "publish " in line and ": changed (" in line]
    assert [line.endswith(", cached)") for line in published] == [True] * 3, done.output
    assert not list(config.folder.rglob("pwned"))
    assert_no_token(done, config.folder)


WHEEL = {
    "stand_in.py": "import sys\n\n\ndef main():\n    print('the installed one was asked to', *sys.argv[1:3])\n",
    "kubeaid_ci-9.9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: kubeaid-ci\nVersion: 9.9.9\n",
    "kubeaid_ci-9.9.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "kubeaid_ci-9.9.9.dist-info/entry_points.txt": "[console_scripts]\nkubeaid-ci = stand_in:main\n",
    "kubeaid_ci-9.9.9.dist-info/RECORD": "",
}


def test_a_package_is_installed_where_its_hash_is_right_and_nothing_runs_where_it_is_not(
    offline: Checkout, tmp_path: Path
) -> None:
    wheel = tmp_path / "kubeaid_ci-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pins = {"right": digest, "wrong": "0" * 64}
    packages = {prefix: f"kubeaid-ci @ {wheel.as_uri()}#sha256={pin}" for prefix, pin in pins.items()}
    inputs = [{"package": package, "job-prefix": prefix} for prefix, package in packages.items()]
    offline.pipeline(*(local(offline, "build", one) for one in inputs))
    done = offline.run(source="web")
    assert done.jobs() == {"right-build": "PASS", "wrong-build": "FAIL"}, done.output
    assert re.findall(r"^(\S+) +> the installed one was asked to build --check", done.output, re.M) == ["right-build"]


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("build", {}, "`package` input: required value has not been provided"),
        ("build", {"package": "kubeaid-ci"}, "`package` input: `kubeaid-ci` does not match required regex"),
        ("build", {"package": "git+https://git.invalid/kubeaid-ci@main"}, "does not match required regex"),
        ("build", {"package": "", "fail-on": "loud"}, "`loud` cannot be used"),
        ("publish-from-kubeaid", {"package": "", "draft": "maybe"}, "`maybe` cannot be used"),
        ("publish-from-kubeaid", {"package": "", "tags": "shell"}, "`tags` input: provided value is not a array"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_runs(
    offline: Checkout, name: str, inputs: dict, message: str
) -> None:
    offline.pipeline(local(offline, name, inputs))
    done = offline.run("--list", "--no-json-schema-validation")
    assert done.code == 1
    assert message in done.output


LOOK = {"a-build", "b-preview", "e-verify", "f-diff", "h-lint", "j-check", "m-scan"}
NIGHTLY = {"e-nightly", "g-update", "i-bundle", "j-audit", "k-upgrade", "l-images", "m-scan"}
PUBLISH = {"b-publish", "c-publish", "d-plan", "d-fleet"}


@pytest.mark.parametrize(
    ("source", "variables", "expected"),
    [
        ("push", {}, PUBLISH),
        ("push", {"CI_COMMIT_BRANCH": "feature"}, set()),
        ("push", {"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "1.2.3"}, set()),
        ("merge_request_event", {}, LOOK),
        ("schedule", {}, {"a-build"} | PUBLISH | NIGHTLY),
        ("web", {}, {"a-build"} | PUBLISH | NIGHTLY),
        ("web", {"CI_COMMIT_BRANCH": "feature"}, {"a-build"}),
        ("trigger", {}, {"a-build"} | PUBLISH | NIGHTLY),
        ("api", {}, {"a-build"} | PUBLISH | NIGHTLY),
        ("pipeline", {}, {"a-build"} | PUBLISH | NIGHTLY),
        ("parent_pipeline", {}, set()),
    ],
)
def test_each_event_has_its_jobs(offline: Checkout, source: str, variables: dict[str, str], expected: set[str]) -> None:
    fleets = ("build", "publish-from-kubeaid", "rebuild-config-repo", "publish-fleet")
    charts = ("verify-charts", "diff", "update-charts", "lint-charts")
    prefixes = dict(
        zip(
            "abcdefghijklm",
            (*fleets, *charts, "bundle", "check", "upgrade-clusters", "images", "scan-images"),
            strict=True,
        )
    )
    included = [local(offline, name, {"package": "", "job-prefix": prefix}) for prefix, name in prefixes.items()]
    offline.pipeline(*included)
    offline.write({"k8s/one/more": "", "build/kube-prometheus/more": ""})
    assert offline.listed(source, **variables) == expected


def test_a_push_that_changes_nothing_of_interest_starts_nothing(offline: Checkout) -> None:
    names = ("publish-from-kubeaid", "rebuild-config-repo")
    offline.pipeline(*(local(offline, name, {"package": "", "job-prefix": name}) for name in names))
    offline.write({"docs/more.md": ""})
    assert offline.listed("push") == set()


@pytest.mark.parametrize("token", [True, False], ids=["with a token", "without one"])
def test_a_merge_request_says_what_it_does_to_clusters_in_a_comment_where_it_may(
    site: Site, config: Checkout, token: bool
) -> None:
    change = site.add("feature")
    if not token:
        del config.settings["KUBEAID_CI_TOKEN"]
    apps = "k8s/one/argocd-apps"
    config.write({f"{apps}/Chart.yaml": "name: root\nversion: 1.0.0\n", f"{apps}/templates/root.yaml": root("one")})
    config.pipeline(component("diff", KUBEAID))
    repos.commit(config.folder)
    config.write(
        {"k8s/one/argocd-apps/templates/more.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: more}\n"}
    )
    known = {"CI_MERGE_REQUEST_IID": str(change.number), "CI_MERGE_REQUEST_PROJECT_PATH": "acme/config"}
    known["GITLAB_CI"] = "true"
    base = repos.git(config.folder, "rev-parse", "HEAD")
    done = config.run(source="merge_request_event", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **known)
    assert done.jobs() == {"kubeaid-ci-diff": "PASS"}, done.output
    assert "1 of 2 clusters changes" in done.output, done.output
    assert len(change.comments) == int(token)
    outputs = done.artifact("kubeaid-ci-diff", "kubeaid-ci-reports/outputs.env")
    assert "KUBEAID_CI_OUTPUT_IN_SHORT=1 of 2 clusters" in outputs
    assert_no_token(done, config.folder)
