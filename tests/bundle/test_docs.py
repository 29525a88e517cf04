"""Every command of the page about bundles runs, in its order."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from kubeaid_ci.demo.demo import Demo
from tests.actions.test_definitions import ACTIONS
from tests.bundle import platform

PAGE = (platform.ROOT / "docs/air-gap.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ kubeaid-ci (.*)$", PAGE, re.MULTILINE)


def test_the_commands_run_in_their_order(
    tmp_path: Path, demo: Demo, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "origin"
    (home / ".ssh").mkdir()
    key = home / ".ssh/platform"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (here / "signers").write_text(f"platform@example.com {key.with_suffix('.pub').read_text()}")
    monkeypatch.setenv("KUBEAID_CI_CONFIG_REPO", str(demo.config))
    monkeypatch.setenv("KUBEAID_CI_KUBEAID", str(demo.kubeaid))
    monkeypatch.setenv("KUBEAID_CI_NO_WHEELS", "true")  # that takes an index of packages
    for line in COMMANDS:
        words = [word.replace("~", str(home)) for word in line.split()]
        printed = platform.run(here, *words, codes=(0, 1) if words[0] == "charts" else (0,))
        assert printed
    assert len(COMMANDS) == 11
    assert (here / "site/KubeAid/argocd-helm-charts").is_dir()


def test_the_action_is_one_with_these_inputs() -> None:
    (step,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert step["uses"] == "Obmondo/kubeaid-ci/actions/bundle@REPLACE_WITH_A_COMMIT"
    assert set(step["with"]) <= set(ACTIONS["bundle"]["inputs"])


def test_the_parts_are_those_of_a_bundle() -> None:
    parts = re.findall(r"^\| `([a-z.]+)/?` \|", PAGE, re.MULTILINE)
    assert parts == ["bundle.json", "repositories", "images", "wheels", "records"]
