"""On real repositories: what is built at the revision that a cluster pins is what is committed.

`KUBEAID_CHECKOUT` names a KubeAid checkout with its tags, `KUBEAID_CONFIG_CHECKOUT` a config repo.
"""

import os
import shutil
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.build.result import BuildStatus

pytestmark = pytest.mark.real
# Clusters of the public config repo that were built by the platform's script, and from which tag.
REPRODUCED = {"hcloud-vpn101": "26.1.0", "akshay": "31.1.1", "mytestcluster5": "31.1.1", "mytestcluster7": "31.1.1"}


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory) -> tuple[Path, Path]:
    """The KubeAid checkout, and a copy of the config repo."""
    config = tmp_path_factory.mktemp("real") / "config"
    shutil.copytree(os.environ["KUBEAID_CONFIG_CHECKOUT"], config, symlinks=True)
    return Path(os.environ["KUBEAID_CHECKOUT"]), config


@pytest.mark.parametrize("name", REPRODUCED)
@pytest.mark.parametrize("ref", ["pinned", "tag"])
def test_committed_manifests_are_reproduced_byte_for_byte(checkouts, name, ref):
    kubeaid, config = checkouts
    revision = REPRODUCED[name] if ref == "tag" else "pinned"
    builds = kubeaid_ci.build_clusters(config, kubeaid, clusters=[name], kubeaid_ref=revision, check=True, cache=False)
    assert builds.results[0].status is BuildStatus.UNCHANGED
    assert builds.results[0].kubeaid_revision == REPRODUCED[name]


def test_built_rules_and_objects_are_valid(checkouts):
    kubeaid, config = checkouts
    builds = kubeaid_ci.build_clusters(
        config, kubeaid, clusters=list(REPRODUCED), kubeaid_ref="pinned", check=True, validate=True, cache=False
    )
    assert [finding for finding in builds.findings if finding.severity == "error"] == []
