"""A restored bundle gives what the repositories give, byte for byte, without a network."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kubeaid_ci import UserError
from kubeaid_ci.bundle import repositories
from kubeaid_ci.bundle.create import BundleOptions, create_bundle
from kubeaid_ci.bundle.images import ImageContent
from kubeaid_ci.bundle.model import MANIFEST
from kubeaid_ci.bundle.restore import restore_bundle
from kubeaid_ci.bundle.verify import verify_bundle
from kubeaid_ci.demo.demo import Demo
from kubeaid_ci.git.repository import Repository
from tests import repos
from tests.bundle import platform

ONLY_GIT = BundleOptions(images=ImageContent.NONE, wheels=False)


def results(here: Path, *, offline: bool) -> dict[str, str]:
    """Return the output of the jobs on two repositories, and the files that they write."""
    repositories = ["--config-repo", "kubernetes-config", "--kubeaid", "KubeAid"]
    commands = {
        "render": ["render", *repositories, "--kubeaid-ref", "pinned", "--format", "json"],
        "verify": ["charts", "verify", "--offline", "--kubeaid", "KubeAid", "--format", "json"],
        "build": ["build", *repositories, "--kubeaid-ref", "pinned", "--format", "json"],
    }
    outputs = {name: platform.run(here, *words, offline=offline, codes=(0, 1)) for name, words in commands.items()}
    outputs["build"] = re.sub(r'"seconds": [0-9.]+', "", outputs["build"])
    built = sorted(here.glob("kubernetes-config/k8s/*/kube-prometheus/**/*.yaml"))
    assert built
    return outputs | {path.relative_to(here).as_posix(): path.read_text() for path in built}


@pytest.mark.parametrize("name", ["platform.tar", "platform"])
def test_a_site_without_network_gets_the_same_results(tmp_path: Path, demo: Demo, name: str) -> None:
    origin = tmp_path / "copy"
    shutil.copytree(demo.config, origin / "kubernetes-config")
    shutil.copytree(demo.kubeaid, origin / "KubeAid", symlinks=True)
    bundle = tmp_path / name
    repositories = ["--config-repo", str(demo.config), "--kubeaid", str(demo.kubeaid)]
    platform.run(tmp_path / "origin", "bundle", "create", *repositories, "--no-wheels", "--out", str(bundle))
    shutil.rmtree(tmp_path / "origin")
    restored = tmp_path / "restored"
    platform.run(tmp_path, "bundle", "restore", str(bundle), "--into", str(restored), offline=True)
    assert results(restored, offline=True) == results(origin, offline=False)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, demo: Demo) -> None:
    for name in ("a.tar", "b.tar"):
        create_bundle(demo.config, demo.kubeaid, tmp_path / name, options=ONLY_GIT)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_the_repositories_themselves_are_not_touched(tmp_path: Path, demo: Demo) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.kubeaid.rglob("*")}
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    assert {path: path.stat().st_mtime_ns for path in demo.kubeaid.rglob("*")} == before


def test_clones_have_the_same_refs_and_origin(tmp_path: Path, demo: Demo) -> None:
    repos.git(demo.kubeaid, "checkout", "--quiet", "--detach", "1.0.0")
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    restore_bundle([tmp_path / "a"], tmp_path / "b")
    for words in (("rev-parse", "HEAD"), ("tag",), ("remote", "-v"), ("describe", "--tags"), ("status", "--short")):
        assert repos.git(tmp_path / "b/KubeAid", *words) == repos.git(demo.kubeaid, *words)
    branch = repos.git(tmp_path / "b/kubernetes-config", "symbolic-ref", "HEAD")
    assert branch.strip() == "refs/heads/main"


def test_a_mirror_of_a_repository_gives_a_clone_with_the_same_default_branch(tmp_path: Path, demo: Demo) -> None:
    """A KubeAid repo that is named by its address is a bare mirror in the cache."""
    repos.git(demo.kubeaid, "branch", "--move", "main", "develop")
    repos.git(demo.kubeaid, "branch", "main", "1.0.0")
    repos.git(tmp_path, "clone", "--quiet", "--mirror", str(demo.kubeaid), "mirror.git")
    create_bundle(demo.config, tmp_path / "mirror.git", tmp_path / "a", options=ONLY_GIT)
    restore_bundle([tmp_path / "a"], tmp_path / "b")
    restored = Repository(tmp_path / "b/KubeAid")
    assert restored.default_branch() == Repository(tmp_path / "mirror.git").default_branch()
    assert restored.default_branch_name() == "develop"


def test_a_local_origin_is_no_part_of_a_bundle(tmp_path: Path, demo: Demo) -> None:
    repos.git(demo.config, "remote", "set-url", "origin", str(demo.remote))
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    assert str(tmp_path) not in (tmp_path / "a" / MANIFEST).read_text()


def test_credentials_of_an_origin_are_no_part_of_a_bundle(tmp_path: Path, demo: Demo) -> None:
    repos.git(demo.kubeaid, "remote", "set-url", "origin", "https://u:hunter2@git.example.com/platform/KubeAid.git")
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    manifest = (tmp_path / "a" / MANIFEST).read_text()
    assert "hunter2" not in manifest
    assert "https://git.example.com/platform/KubeAid.git" in manifest


def test_changes_that_are_not_committed_are_reported(tmp_path: Path, demo: Demo) -> None:
    repos.write(demo.config, {"k8s/edge/new.yaml": "a: b\n"})
    found = create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    assert [(finding.rule.id, finding.subject) for finding in found.findings] == [("bundle/not-committed", "config")]


def test_a_pinned_revision_that_is_missing_is_an_error(tmp_path: Path, demo: Demo) -> None:
    repos.git(demo.kubeaid, "tag", "--delete", "1.0.0")
    found = create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    assert {(finding.rule.id, str(finding.severity)) for finding in found.findings} == {
        ("bundle/revision-missing", "error")
    }


def test_a_shallow_clone_cannot_be_bundled(tmp_path: Path, demo: Demo) -> None:
    repos.git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{demo.kubeaid}", "shallow")
    with pytest.raises(UserError, match="--unshallow"):
        create_bundle(demo.config, tmp_path / "shallow", tmp_path / "a", options=ONLY_GIT)
    assert not (tmp_path / "a").exists()


def test_nothing_that_exists_is_overwritten(tmp_path: Path, demo: Demo) -> None:
    (tmp_path / "a.tar").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        create_bundle(demo.config, demo.kubeaid, tmp_path / "a.tar", options=ONLY_GIT)
    create_bundle(demo.config, demo.kubeaid, tmp_path / "b.tar", options=ONLY_GIT)
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "file").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        restore_bundle([tmp_path / "b.tar"], tmp_path / "into")
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["file"]


def test_a_damaged_bundle_is_not_restored(tmp_path: Path, demo: Demo) -> None:
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    file = tmp_path / "a/repositories/config.1.bundle"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    found = restore_bundle([tmp_path / "a"], tmp_path / "b")
    assert [finding.rule.id for finding in found.findings] == ["bundle/file-modified"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "origin"]


def test_a_manifest_that_lists_commits_that_git_lacks_is_not_restored(tmp_path: Path, demo: Demo) -> None:
    """Its checksums are right; so is the digest of who made it."""
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    from kubeaid_ci.bundle.model import Manifest

    manifest = Manifest.parse((tmp_path / "a" / MANIFEST).read_bytes(), where="a")
    first = replace(manifest.repositories[0], refs={"refs/heads/main": "1" * 40})
    lie = replace(manifest, repositories=(first, *manifest.repositories[1:]))
    (tmp_path / "a" / MANIFEST).write_bytes(lie.to_bytes())
    with pytest.raises(UserError, match="which the manifest lists"):
        restore_bundle([tmp_path / "a"], tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_commit_that_unpacks_to_more_than_a_disk_holds_is_not_checked_out(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A packed gigabyte of zeros has a megabyte; Git knows the size without unpacking it."""
    monkeypatch.setattr(repositories, "MOST_CHECKED_OUT", 1024 * 1024)
    repos.write(demo.config, {"zeros": b"\0" * (1024 * 1024 + 1)})
    repos.git(demo.config, "add", "--all")
    repos.git(demo.config, "commit", "--quiet", "--message=feat: zeros")
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a.tar", options=ONLY_GIT)
    with pytest.raises(UserError, match="more than are checked out"):
        restore_bundle([tmp_path / "a.tar"], tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "origin"]


def test_increments_have_only_what_is_new(tmp_path: Path, demo: Demo) -> None:
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a.tar", options=ONLY_GIT)
    repos.write(
        demo.config, {"k8s/edge/edge-vars.jsonnet": "{ platform: 'kops', kube_prometheus_version: 'v0.1.0' }\n"}
    )
    repos.git(demo.config, "commit", "--all", "--quiet", "--message=feat: shorter")
    increment = replace(ONLY_GIT, since=tmp_path / "a.tar")
    found = create_bundle(demo.config, demo.kubeaid, tmp_path / "b.tar", options=increment)
    parts = {part.part: (part.files, part.in_base) for part in found.parts}
    assert (parts["config"], parts["kubeaid"]) == ((1, 1), (0, 1))
    third = replace(ONLY_GIT, since=tmp_path / "b.tar")
    create_bundle(demo.config, demo.kubeaid, tmp_path / "c", options=third)

    chain = [tmp_path / "a.tar", tmp_path / "b.tar", tmp_path / "c"]
    assert verify_bundle(chain).findings == ()
    restore_bundle(chain, tmp_path / "restored")
    restored = tmp_path / "restored/kubernetes-config"
    assert repos.git(restored, "rev-parse", "HEAD") == repos.git(demo.config, "rev-parse", "HEAD")
    assert repos.git(restored, "status", "--short") == ""

    for wrong in ([chain[1]], [chain[0], chain[2]], [chain[1], chain[0]], [chain[0], chain[0]]):
        assert "bundle/base-missing" in {finding.rule.id for finding in verify_bundle(wrong).findings}
        with pytest.raises(UserError, match="in order"):
            restore_bundle(wrong, tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_an_increment_after_history_was_rewritten(tmp_path: Path, demo: Demo) -> None:
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a.tar", options=ONLY_GIT)
    repos.git(demo.config, "commit", "--amend", "--quiet", "--message=feat: other words")
    repos.git(demo.config, "reflog", "expire", "--expire=now", "--all")
    repos.git(demo.config, "update-ref", "-d", "refs/remotes/origin/main")
    repos.git(demo.config, "gc", "--quiet", "--prune=now")
    create_bundle(demo.config, demo.kubeaid, tmp_path / "b.tar", options=replace(ONLY_GIT, since=tmp_path / "a.tar"))
    restore_bundle([tmp_path / "a.tar", tmp_path / "b.tar"], tmp_path / "c")
    restored = repos.git(tmp_path / "c/kubernetes-config", "rev-parse", "HEAD")
    assert restored == repos.git(demo.config, "rev-parse", "HEAD")


def test_json_is_what_the_command_prints(tmp_path: Path, demo: Demo) -> None:
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a", options=ONLY_GIT)
    printed = json.loads(platform.run(tmp_path, "bundle", "verify", "a", "--format", "json"))
    result = json.loads(verify_bundle([tmp_path / "a"]).to_json())
    assert {**printed, "revisions": {}} == result
