"""Shell completion, asked as shells ask."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
KUBEAID = {
    "kubeaid/argocd-helm-charts/traefik/Chart.yaml": "name: traefik\n",
    "kubeaid/argocd-helm-charts/cert-manager/Chart.yaml": "name: cert-manager\n",
    "kubeaid/argocd-helm-charts/notes/README.md": "no chart\n",
    "kubeaid/build/kube-prometheus/common-template.jsonnet": "{}\n",
}
APPS = "argocd-apps/templates"
CONFIG = {
    "config/k8s/staging.example.com/staging-vars.jsonnet": "{}\n",
    f"config/k8s/staging.example.com/{APPS}/cert-manager.app.yaml": "",
    f"config/k8s/production.example.com/{APPS}/traefik.yaml": "",
    f"config/k8s/production.example.com/{APPS}/_helpers.tpl": "",
    "config/k8s/twin-a/twin-vars.jsonnet": "{}\n",
    "config/k8s/twin-b/twin-vars.jsonnet": "{}\n",
    "config/k8s/notes/README.md": "no cluster\n",
    "config/k8s/x$(touch pwned)/argocd-apps/Chart.yaml": "",
    "config/k8s/y;reboot/argocd-apps/Chart.yaml": "",
    "config/k8s/-rf/argocd-apps/Chart.yaml": "",
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    repos.write(tmp_path, KUBEAID | CONFIG)
    return tmp_path


def complete(folder: Path, line: str, shell: str = "bash", **env: str) -> list[str]:
    """The values that are offered for the last word of a line."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    full = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **words, **env}
    full["_KUBEAID_CI_COMPLETE"] = f"{shell}_complete"
    command = [sys.executable, "-m", "kubeaid_ci"]
    done = subprocess.run(command, cwd=folder, env=full, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.strip().splitlines()
    return lines[1::3] if shell == "zsh" else [line.split(",", 1)[1].split("\t")[0] for line in lines]


CLUSTERS = ["production.example.com", "staging", "twin-a", "twin-b"]


@pytest.mark.parametrize(
    ("folder", "line", "offered"),
    [
        (".", "kubeaid-ci bu", ["build", "bundle"]),
        ("config", "kubeaid-ci build ", CLUSTERS),
        ("config/k8s/twin-a", "kubeaid-ci clusters t", ["twin-a", "twin-b"]),
        ("config", "kubeaid-ci diff st", ["staging"]),
        ("config", "kubeaid-ci diff staging.", ["staging.example.com"]),
        ("config", "kubeaid-ci publish staging ", [name for name in CLUSTERS if name != "staging"]),
        (".", "kubeaid-ci build --config-repo config t", ["twin-a", "twin-b"]),
        (".", "kubeaid-ci --config-repo config build t", ["twin-a", "twin-b"]),
        (".", "kubeaid-ci build --config-repo https://git.example.com/a/b.git ", []),
        (".", "kubeaid-ci build ", []),
        ("config", "kubeaid-ci render --app ", ["cert-manager", "traefik"]),
        ("config", "kubeaid-ci render staging --app ", ["cert-manager"]),
        ("config", "kubeaid-ci diff --app tr", ["traefik"]),
        ("kubeaid", "kubeaid-ci charts verify ", ["cert-manager", "traefik"]),
        ("kubeaid/argocd-helm-charts", "kubeaid-ci charts update --skip t", []),
        ("config", "kubeaid-ci charts lint --kubeaid ../kubeaid tr", ["traefik"]),
        ("config", "kubeaid-ci charts verify ", []),
        (".", "kubeaid-ci rules build/st", ["build/stale"]),
        (".", "kubeaid-ci rules aut", ["autoscaling"]),
        (".", "kubeaid-ci check --rules backup/g", ["backup/gap"]),
        (".", "kubeaid-ci check --rules git", ["gitops"]),
        (".", "kubeaid-ci check --rules gitops/unp", ["gitops/unpinned"]),
        (".", "kubeaid-ci check --rules network,val", ["network,values"]),
        (".", "kubeaid-ci check --suggest ", ["autoscaling", "network"]),
    ],
)
def test_names_are_completed(here: Path, folder: str, line: str, offered: list[str]) -> None:
    assert complete(here / folder, line) == offered


def test_repositories_of_the_environment_are_completed(here: Path) -> None:
    env = {"KUBEAID_CI_CONFIG_REPO": str(here / "config"), "KUBEAID_CI_KUBEAID": str(here / "kubeaid")}
    assert complete(here, "kubeaid-ci build tw", **env) == ["twin-a", "twin-b"]
    assert complete(here, "kubeaid-ci charts list c", **env) == ["cert-manager"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_same(here: Path, shell: str) -> None:
    line = "kubeaid-ci build tw"
    assert complete(here / "config", line, shell, COMP_CWORD="tw" if shell == "fish" else "2") == ["twin-a", "twin-b"]


def test_bash_completes_as_the_docs_set_it_up(here: Path) -> None:
    """Bash itself calls the function that the program prints."""
    program = shutil.which("kubeaid-ci", path=str(Path(sys.executable).parent))
    assert program, "the package is not installed; pip install --editable ."
    (setup,) = re.findall(
        r"^(eval .*=bash_source kubeaid-ci\)\")", (ROOT / "docs/install.md").read_text(), re.MULTILINE
    )
    ask = 'COMP_WORDS=(kubeaid-ci build pro); COMP_CWORD=2; _kubeaid_ci_completion kubeaid-ci; printf "%s\\n" "${COMPREPLY[@]}"'
    env = {"PATH": f"{Path(program).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"{setup}\n{ask}"], cwd=here / "config", env=env, capture_output=True, text=True
    )
    assert done.stdout == "production.example.com\n", done.stderr
