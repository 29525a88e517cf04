"""``images scan`` on a config repo: gate, base, reports in every format, and programs of scanners."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci.images.lock_file import LOCK, lock_text
from tests import repos
from tests.sbom.test_sbom import application, pod
from tests.scan import reports

ROOT = Path(kubeaid_ci.__file__).parents[1]
CONFIG = "https://git.example.com/platform/kubernetes-config.git"
HIGH = ("CVE-2026-1", "openssl", "1.1", "HIGH")
LOW = ("CVE-2026-2", "zlib", "1.1", "LOW")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    kubeaid = repos.kubeaid(tmp_path / "KubeAid")
    repos.write(kubeaid, {"argocd-helm-charts/.keep": ""})
    repos.commit(kubeaid)
    apps = "k8s/staging/argocd-apps"
    files = {
        f"{apps}/Chart.yaml": "apiVersion: v2\nname: root\nversion: 0.1.0\n",
        f"{apps}/templates/root.yaml": application("root", CONFIG, apps),
        f"{apps}/templates/web.yaml": application("web", CONFIG, "k8s/staging/web"),
        "k8s/staging/web/web.yaml": pod("web", "nginx:1.2"),
        "k8s/staging/web/other.yaml": pod("other", "quay.io/example/other:1"),
    }
    config = repos.write(tmp_path / "kubernetes-config", files)
    repos.git(config, "init", "--quiet", "--initial-branch=main")
    repos.commit(config)
    repos.git(config, "remote", "add", "origin", CONFIG)
    return config


def run(
    config: Path,
    *words: str,
    path: Path | None = None,
    cwd: Path | None = None,
    codes: tuple[int, ...] = (0, 1),
    **more: str,
) -> tuple[int, str, dict[str, Any]]:
    """Run the command, and return its exit code, its output as text, and its JSON."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(config.parent / "cache")} | more
    env["PATH"] = f"{path}{os.pathsep}{env['PATH']}" if path else env["PATH"]
    argv = [sys.executable, "-m", "kubeaid_ci", "images", "scan", "--config-repo", str(config)]
    argv += ["--kubeaid", str(config.parent / "KubeAid"), "--report", f"json={config.parent}/out.json", *words]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=cwd or config.parent)
    assert done.returncode in codes, done.stderr
    return done.returncode, done.stdout, json.loads((config.parent / "out.json").read_text())


def found(content: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["rule"], finding["subject"]) for finding in content["findings"]}


NGINX, OTHER = "docker.io/library/nginx", "quay.io/example/other"


def test_the_gate_and_what_is_not_scanned(config: Path, tmp_path: Path) -> None:
    file = reports.write(tmp_path / "trivy.json", reports.trivy("nginx:1.2", HIGH, LOW))
    code, text, content = run(config, "--from", str(file))
    assert code == 1
    assert found(content) == {("image/vulnerable", NGINX), ("image/not-scanned", OTHER)}
    assert (content["summary"]["scanned"], content["summary"]["not_scanned"]) == (1, 1)
    assert "not scanned" in text
    assert run(config, "--from", str(file), "--severity", "critical")[0] == 0
    assert run(config, "--from", str(file), "--severity", "critical", "--require-scan")[0] == 1


def test_only_what_is_new_fails_a_change(config: Path, tmp_path: Path) -> None:
    both = [reports.trivy("nginx:1.2", HIGH), reports.trivy("nginx:1.3", HIGH, ("CVE-2026-9", "curl", "", "CRITICAL"))]
    file = reports.write(tmp_path / "trivy.json", [*both, reports.grype("quay.io/example/other:1")])
    web = config / "k8s/staging/web/web.yaml"
    web.write_text(web.read_text().replace("1.2", "1.3"))
    code, _, content = run(config, "--from", str(file), "--new-only", "--base", "main")
    assert code == 1
    assert [finding["message"].split()[1] for finding in content["findings"]] == ["CVE-2026-9"]
    assert content["summary"]["known"] == 1
    web.write_text(web.read_text().replace("1.3", "1.2"))
    assert run(config, "--from", str(file), "--new-only", "--base", "main")[0] == 0


def test_a_change_cannot_accept_its_own_vulnerabilities(config: Path, tmp_path: Path) -> None:
    file = reports.write(tmp_path / "trivy.json", reports.trivy("nginx:1.2", HIGH))
    allow = "scan:\n  allow:\n    - {id: CVE-2026-1, reason: not reachable, until: 2099-01-01}\n"
    (config / ".kubeaid-ci.yaml").write_text(allow)
    assert ("image/vulnerable", NGINX) not in found(run(config, "--from", str(file))[2])
    repos.git(config, "add", "--all")
    code, _, content = run(config, "--from", str(file), "--new-only", "--base", "main")
    assert code == 1
    assert ("settings/weakened", "scan.allow") in found(content)


def test_a_report_by_the_digest_of_the_lock_counts(config: Path, tmp_path: Path) -> None:
    (config / LOCK).write_text(lock_text({f"{NGINX}:1.2": reports.DIGEST}))
    named = f"mirror.example.com/nginx@{reports.DIGEST}"
    file = reports.write(tmp_path / "trivy.json", reports.trivy("mirror.example.com/nginx:x", HIGH, digests=(named,)))
    assert ("image/vulnerable", NGINX) in found(run(config, "--from", str(file))[2])


def test_an_unreadable_report_does_not_stop_the_others(config: Path, tmp_path: Path) -> None:
    good = reports.write(tmp_path / "good.json", reports.trivy("nginx:1.2", HIGH))
    bad = reports.write(tmp_path / "bad.json", {"clean": True})
    code, _, content = run(config, "--from", str(bad), "--from", str(good), "--severity", "critical")
    assert code == 1
    assert ("image/scan-unreadable", "bad.json") in found(content)
    assert content["summary"]["scanned"] == 1


def test_reports_for_forges(config: Path, tmp_path: Path) -> None:
    file = reports.write(tmp_path / "trivy.json", reports.trivy("nginx:1.2", HIGH, LOW))
    outputs = ["--report", "sarif=out.sarif", "--report", "junit=out.xml", "--gitlab-report", "gitlab.json"]
    run(config, "--from", str(file), *outputs)
    sarif = json.loads((tmp_path / "out.sarif").read_text())
    assert {result["ruleId"] for result in sarif["runs"][0]["results"]} == {"image/vulnerable", "image/not-scanned"}
    assert "<failure" in (tmp_path / "out.xml").read_text()
    report = json.loads((tmp_path / "gitlab.json").read_text())
    assert required(report) == []
    assert report["scan"]["status"] == "success"
    assert [message["value"] for message in report["scan"]["messages"]] == [f"{OTHER}:1: not scanned: no report has it"]
    assert [(each["severity"], each["identifiers"][0]["value"]) for each in report["vulnerabilities"]] == [
        ("High", "CVE-2026-1"),
        ("Low", "CVE-2026-2"),
    ]
    assert report["vulnerabilities"][0]["location"] == {
        "dependency": {"package": {"name": "openssl"}, "version": "1.0"},
        "operating_system": "alpine 3.20.0",
        "image": f"{NGINX}:1.2",
    }


def required(report: dict[str, Any]) -> list[str]:
    """Return what GitLab's schema of version 15 requires and a report lacks."""
    scan = report["scan"]
    lacking = {"version", "scan", "vulnerabilities"} - set(report)
    lacking |= {"analyzer", "end_time", "scanner", "start_time", "status", "type"} - set(scan)
    lacking |= {key for key in ("start_time", "end_time") if not re.fullmatch(r"[\d-]{10}T[\d:]{8}", scan[key])}
    for tool in (scan["analyzer"], scan["scanner"]):
        lacking |= {"id", "name", "version", "vendor"} - {key for key, value in tool.items() if value}
    for each in report["vulnerabilities"]:
        lacking |= {"id", "identifiers", "location"} - {key for key, value in each.items() if value}
        lacking |= {"dependency", "operating_system", "image"} - {
            key for key, value in each["location"].items() if value
        }
        lacking |= {each["severity"]} - {"Info", "Unknown", "Low", "Medium", "High", "Critical"}
    return sorted(lacking)


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}")
    (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("name", ["trivy", "grype"])
def test_an_installed_scanner_is_run_for_each_image(config: Path, tmp_path: Path, name: str) -> None:
    """The program stands for the real one, which no registry has: it writes where it is asked to write."""
    (config / LOCK).write_text(lock_text({f"{NGINX}:1.2": reports.DIGEST}))
    content = {"trivy": reports.trivy, "grype": reports.grype}[name]("any:1", HIGH)
    reports.write(tmp_path / "report.json", content)
    script = (
        f'echo "$@" >> {tmp_path}/calls\n'
        'for word; do case "$before" in --file) out="$word";; esac\n'
        'case "$word" in --output=*) out="${word#--output=}";; *other*) echo "no such image" >&2; exit 1;; esac\n'
        f'before="$word"; done\ncp {tmp_path}/report.json "$out"\n'
    )
    script = script if name == "trivy" else script.replace('--output=*) out="${word#--output=}";; ', "")
    _, _, result = run(config, "--scanner", name, "--jobs", "1", path=program(tmp_path / "bin", name, script))
    assert found(result) == {("image/vulnerable", NGINX), ("image/not-scanned", OTHER)}
    assert "no such image" in json.dumps(result)
    calls = (tmp_path / "calls").read_text()
    assert f"{NGINX}:1.2@{reports.DIGEST}" in calls
    assert "TOKEN" not in calls


@pytest.mark.parametrize("name", ["trivy", "grype"])
def test_files_of_the_checkout_configure_no_scanner(config: Path, tmp_path: Path, name: str) -> None:
    """Both programs read settings and exceptions from the folder that they are started in."""
    for file in (".trivyignore", "trivy.yaml", ".grype.yaml"):
        (config / file).write_text("CVE-2026-1\n")
    bin_folder = program(
        tmp_path / "bin", name, f'ls -A >> {tmp_path}/seen\necho "$API_TOKEN_GITHUB" >> {tmp_path}/seen\n'
    )
    env = {"API_TOKEN_GITHUB": "canary", "CI_JOB_JWT_V2": "canary"}
    run(config, "--scanner", name, path=bin_folder, cwd=config, **env)
    assert (tmp_path / "seen").read_text().split() == []


def test_a_report_that_does_not_exist_is_an_input_error(config: Path, tmp_path: Path) -> None:
    reports.write(tmp_path / "a.json", reports.trivy("nginx:1.2", HIGH))
    arguments = ["--from", str(tmp_path / "a.json"), "--from", str(tmp_path / "missing.json")]
    code, _, content = run(config, *arguments, codes=(2,))
    assert code == 2
    assert found(content) >= {("image/vulnerable", NGINX), ("image/scan-unreadable", "missing.json")}


def test_a_report_about_secrets_only_is_no_scan(config: Path, tmp_path: Path) -> None:
    report = reports.trivy("nginx:1.2")
    report["Results"] = [{"Target": "nginx:1.2", "Class": "secret", "Secrets": [{"RuleID": "a"}]}]
    reports.write(tmp_path / "a.json", report)
    _, _, content = run(config, "--from", str(tmp_path / "a.json"))
    assert ("image/not-scanned", NGINX) in found(content)


@pytest.mark.parametrize(
    "script",
    ["exit 0\n", "kill -9 $$\n", 'for w; do case "$w" in --output=*) echo "{" > "${w#--output=}";; esac; done\n'],
    ids=["nothing", "killed", "half"],
)
def test_a_scanner_that_fails_leaves_images_not_scanned(config: Path, tmp_path: Path, script: str) -> None:
    _, _, content = run(config, "--scanner", "trivy", path=program(tmp_path / "bin", "trivy", script))
    assert found(content) == {("image/not-scanned", NGINX), ("image/not-scanned", OTHER)}


def test_without_scanner_and_reports_nothing_is_clean(config: Path) -> None:
    code, _, content = run(config, "--scanner", "none")
    assert code == 0
    assert content["summary"]["not_scanned"] == content["summary"]["images"] == 2


COMMANDS = re.findall(r"^kubeaid-ci (images scan [^#\n]*)", (ROOT / "docs/images.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_run(line: str, config: Path, tmp_path: Path) -> None:
    for name in ("trivy.json", "more.json"):
        reports.write(tmp_path / name, [reports.trivy("nginx:1.2", LOW), reports.trivy("quay.io/example/other:1")])
    code, _, content = run(config, *line.split()[2:])
    assert code == 0
    assert content["summary"]["images"] == 2
