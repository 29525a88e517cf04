"""The bill of materials of clusters, as the standard's schema and its readers take it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

import kubeaid_ci
from kubeaid_ci import create_sbom
from kubeaid_ci.images.lock_file import LOCK, lock_text
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
PAGE = (ROOT / "docs/images.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^kubeaid-ci (sbom [^#\n]*)", PAGE, re.MULTILINE)
DIGEST = f"sha256:{'ab' * 32}"
KUBEAID = "https://git.example.com/platform/KubeAid.git"
CONFIG = "https://git.example.com/platform/kubernetes-config.git"
UMBRELLA = """apiVersion: v2
name: web
version: 1.0.0
home: https://example.com/web
maintainers:
  - {name: Platform, email: platform@example.com}
  - {name: Second}
dependencies:
  - {name: inner, version: 2.0.0, repository: "https://charts.example.com"}
"""
INNER = """apiVersion: v2
name: inner
version: 2.0.0
appVersion: "9"
annotations: {artifacthub.io/license: Apache-2.0, artifacthub.io/changes: long}
"""


def pod(name: str, image: str) -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: a, image: {image}}}]}}\n"
    )


def application(name: str, repository: str, path: str, revision: str = "HEAD") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        f"metadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: apps}\n"
        f"  source: {{repoURL: {repository}, path: {path}, targetRevision: {revision}}}\n"
    )


@pytest.fixture
def platform(tmp_path: Path) -> tuple[Path, Path]:
    kubeaid = repos.kubeaid(tmp_path / "KubeAid")
    chart = "argocd-helm-charts/web"
    repos.write(
        kubeaid,
        {
            f"{chart}/Chart.yaml": UMBRELLA,
            f"{chart}/templates/pod.yaml": pod("outer", "quay.io/example/outer:1.0"),
            f"{chart}/charts/inner/Chart.yaml": INNER,
            f"{chart}/charts/inner/templates/pod.yaml": pod("inner", "nginx:1.2"),
        },
    )
    repos.commit(kubeaid)
    repos.git(kubeaid, "tag", "1.0.0")
    repos.git(kubeaid, "remote", "add", "origin", KUBEAID)
    files = {LOCK: lock_text({"docker.io/library/nginx:1.2": DIGEST})}
    for cluster in ("one", "two"):
        apps = f"k8s/{cluster}/argocd-apps"
        files |= {
            f"{apps}/Chart.yaml": "apiVersion: v2\nname: root\nversion: 0.1.0\n",
            f"{apps}/templates/root.yaml": application("root", CONFIG, apps),
            f"{apps}/templates/web.yaml": application("web", KUBEAID, chart, "1.0.0"),
        }
    files["k8s/two/argocd-apps/templates/gone.yaml"] = application("gone", KUBEAID, "argocd-helm-charts/gone", "1.0.0")
    config = repos.write(tmp_path / "kubernetes-config", files)
    repos.commit(config)
    repos.git(config, "remote", "add", "origin", CONFIG)
    return config, kubeaid


def content(text: str) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """Return the components by their references, and the edges."""
    loaded = json.loads(text)
    components = {component["bom-ref"]: component for component in loaded["components"]}
    edges = {edge["ref"]: set(edge.get("dependsOn", ())) for edge in loaded["dependencies"]}
    return components, edges


def test_the_schema_and_the_library_take_it(platform: tuple[Path, Path]) -> None:
    sbom = create_sbom(*platform)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.text) is None
    assert len(list(Bom.from_json(json.loads(sbom.text)).components)) == len(content(sbom.text)[0])  # type: ignore[attr-defined]


def test_edges_lead_from_the_fleet_to_images(platform: tuple[Path, Path]) -> None:
    components, edges = content(create_sbom(*platform).text)
    (outer,) = (ref for ref in components if ref.startswith("chart:web@1.0.0#"))
    (inner,) = (ref for ref in components if ref.startswith("chart:inner@2.0.0#"))
    nginx, quay = "image:docker.io/library/nginx:1.2", "image:quay.io/example/outer:1.0"
    assert edges["fleet:platform/kubernetes-config"] == {"cluster:one", "cluster:two"}
    assert edges["cluster:one"] == {"application:one/root", "application:one/web"}
    assert edges["application:one/web"] == {outer, inner, nginx, quay}
    assert (edges[outer], edges[inner], edges[nginx]) == ({inner, quay}, {nginx}, set())


def test_charts_have_their_publisher_licence_and_maintainers(platform: tuple[Path, Path]) -> None:
    components, _ = content(create_sbom(*platform).text)
    outer = next(component for ref, component in components.items() if ref.startswith("chart:web@"))
    inner = next(component for ref, component in components.items() if ref.startswith("chart:inner@"))
    assert outer["authors"] == [{"name": "Platform", "email": "platform@example.com"}, {"name": "Second"}]
    commit = repos.git(platform[1], "rev-parse", "HEAD")
    vcs = f"git+{KUBEAID}@{commit}#argocd-helm-charts/web"
    assert PackageURL.from_string(outer["purl"]).qualifiers == {"vcs_url": vcs}
    assert inner["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert inner["purl"] == "pkg:helm/inner@2.0.0?repository_url=https://charts.example.com"


def test_images_have_the_digest_of_the_lock_or_are_marked(platform: tuple[Path, Path]) -> None:
    components, _ = content(create_sbom(*platform).text)
    locked, other = (
        components[f"image:{name}"] for name in ("docker.io/library/nginx:1.2", "quay.io/example/outer:1.0")
    )
    purl = PackageURL.from_string(locked["purl"])
    assert (purl.type, purl.name, purl.version) == ("oci", "nginx", DIGEST)
    assert purl.qualifiers == {"repository_url": "docker.io/library/nginx", "tag": "1.2"}
    assert locked["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert {"name": "kubeaid-ci:digest", "value": "unknown"} in other["properties"]


def test_what_is_not_rendered_is_listed_as_unknown(platform: tuple[Path, Path]) -> None:
    sbom = create_sbom(*platform)
    components, _ = content(sbom.text)
    assert {"name": "kubeaid-ci:images-unknown", "value": "not rendered in full: failed"} in components[
        "application:two/gone"
    ]["properties"]
    assert [(line.cluster, line.unknown) for line in sbom.lines] == [("one", 0), ("two", 1)]
    assert [finding.rule.id for finding in sbom.findings] == ["chart/render-failed"]


def test_the_same_input_gives_the_same_bytes_wherever_it_is(platform: tuple[Path, Path], tmp_path: Path) -> None:
    config, kubeaid = platform
    first = create_sbom(config, kubeaid)
    (tmp_path / "elsewhere").mkdir()
    for folder in (config, kubeaid):
        folder.rename(tmp_path / "elsewhere" / folder.name)
    second = create_sbom(*(tmp_path / "elsewhere" / folder.name for folder in (config, kubeaid)), cache=False)
    assert first.text == second.text
    assert str(tmp_path) not in first.text
    assert re.fullmatch("urn:uuid:[0-9a-f-]{36}", first.serial_number)
    lock = lock_text({"docker.io/library/nginx:1.2": DIGEST.replace("ab", "cd")})
    repos.write(tmp_path / "elsewhere" / config.name, {LOCK: lock})
    third = create_sbom(*(tmp_path / "elsewhere" / folder.name for folder in (config, kubeaid)))
    assert third.serial_number != first.serial_number


def test_the_command_writes_the_file_and_names_what_is_unknown(platform: tuple[Path, Path], tmp_path: Path) -> None:
    config, kubeaid = platform
    argv = [sys.executable, "-m", "kubeaid_ci", "sbom", "--out", "sbom.json"]
    argv += ["--config-repo", str(config), "--kubeaid", str(kubeaid)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "chart/render-failed" in done.stdout
    assert (tmp_path / "sbom.json").read_text() == create_sbom(config, kubeaid).text
    done = subprocess.run([*argv, "one"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "sbom.json").read_text())["metadata"]["component"]["name"] == "one"


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_run(line: str, platform: tuple[Path, Path], tmp_path: Path) -> None:
    config, kubeaid = platform
    (config / "k8s/two/argocd-apps/templates/gone.yaml").unlink()
    (config / "k8s/one").rename(config / "k8s/staging")
    root = config / "k8s/staging/argocd-apps/templates/root.yaml"
    root.write_text(root.read_text().replace("k8s/one", "k8s/staging"))
    repos.commit(config)
    argv = [sys.executable, "-m", "kubeaid_ci", *line.split()]
    env = os.environ | {"KUBEAID_CI_CONFIG_REPO": str(config), "KUBEAID_CI_KUBEAID": str(kubeaid)}
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.glob("*.json"))


def test_the_library_is_loaded_only_for_the_bill() -> None:
    code = "import sys, kubeaid_ci.cli, kubeaid_ci.sbom.sbom; print('cyclonedx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
