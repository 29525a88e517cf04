import os
import subprocess

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import WORK_TREE, Commit
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.git.tree import EXECUTABLE, GITLINK, LINK, REGULAR, SPECIAL, tree_id
from tests import repos


@pytest.fixture
def root(tmp_path):
    repos.write(
        tmp_path, {"a/one": "1\n", "a/deep/two": "2\n", "b/three": "3\n", "other/x": "x\n", ".gitignore": "*.log\n"}
    )
    (tmp_path / "a/link").symlink_to("one")
    (tmp_path / "a/run").write_text("#!\n")
    (tmp_path / "a/run").chmod(0o755)
    repos.commit(tmp_path)
    return tmp_path


def test_a_commit_a_clean_work_tree_and_a_plain_folder_are_the_same(root, tmp_path_factory):
    plain = tmp_path_factory.mktemp("plain") / "copy"
    subprocess.run(["cp", "-a", root, plain], check=True)
    subprocess.run(["rm", "-rf", plain / ".git"], check=True)
    found = [
        open_snapshot(root, Commit("HEAD"), ["a", "b"]),
        open_snapshot(root, WORK_TREE, ["a", "b"]),
        open_snapshot(plain, WORK_TREE, ["a", "b"]),
    ]
    assert found[0].files == found[1].files == found[2].files
    assert {path: entry.mode for path, entry in found[0].files.items()} == {
        "a/one": REGULAR,
        "a/deep/two": REGULAR,
        "a/link": LINK,
        "a/run": EXECUTABLE,
        "b/three": REGULAR,
    }
    for snapshot in found:
        with snapshot:
            assert snapshot.read("a/one") == b"1\n"
            assert snapshot.read("a/link") == b"one"


def test_a_dirty_work_tree_is_what_a_commit_of_it_would_be(root):
    repos.write(
        root,
        {
            "a/one": "changed\n",
            "a/new \n line": "odd\n",
            "a/end\r": "odd\n",
            "a/ignored.log": "x",
            "b/gr\u00f6\u00dfe": "u",
        },
    )
    (root / "a/deep/two").unlink()
    (root / "a/run").chmod(0o644)
    (root / "a/link").unlink()
    (root / "a/link").write_text("a file now\n")
    (root / "b/dangling").symlink_to("nowhere")
    repos.git(root, "add", "a/one")
    repos.write(root, {"a/one": "changed again\n"})
    with open_snapshot(root, WORK_TREE, ["a", "b"]) as snapshot:
        assert snapshot.read("a/one") == b"changed again\n"
        assert snapshot.read("b/dangling") == b"nowhere"
        assert snapshot.ignored == ("a/ignored.log",)
    repos.commit(root)
    assert snapshot.files == open_snapshot(root, Commit("HEAD"), ["a", "b"]).files
    assert tree_id(open_snapshot(root, Commit("HEAD"), ["a", "b", "other", ".gitignore"]).files) == repos.git(
        root, "rev-parse", "HEAD^{tree}"
    )


def test_a_changed_link_is_kept_as_written(root):
    (root / "a/link").unlink()
    (root / "a/link").symlink_to("./deep/")
    with open_snapshot(root, WORK_TREE, ["a"]) as snapshot:
        assert snapshot.read("a/link") == b"./deep/"
    dirty = snapshot.files
    repos.commit(root)
    assert dirty == open_snapshot(root, Commit("HEAD"), ["a"]).files


def test_line_ends_are_those_that_git_stores(root):
    repos.write(root, {".gitattributes": "* text=auto\n", "a/one": "1\r\n", "a/new": "n\r\n"})
    dirty = open_snapshot(root, WORK_TREE, ["a"]).files
    repos.commit(root)
    assert dirty == open_snapshot(root, Commit("HEAD"), ["a"]).files


def test_a_repository_inside_is_told_apart_from_files(root):
    repos.write(root / "a/inner", {"x": "1"})
    repos.commit(root / "a/inner")
    assert open_snapshot(root, WORK_TREE, ["a"]).files["a/inner"].mode == GITLINK
    assert "a/inner/x" not in open_snapshot(root, WORK_TREE, ["a"]).files


def test_what_is_no_file_is_told_apart_and_read_by_nobody(root, tmp_path_factory):
    plain = tmp_path_factory.mktemp("plain") / "copy"
    subprocess.run(["cp", "-a", root, plain], check=True)
    subprocess.run(["rm", "-rf", plain / ".git"], check=True)
    for folder in (root, plain):
        (folder / "a/one").unlink()
        os.mkfifo(folder / "a/one")
        with open_snapshot(folder, WORK_TREE, ["a"]) as snapshot:
            assert snapshot.files["a/one"].mode == SPECIAL
            assert not snapshot.files["a/one"].has_bytes
            with pytest.raises(UserError, match="a/one is a pipe, a socket or a device"):
                snapshot.read("a/one")


@pytest.mark.parametrize("told", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_was_told_not_to_look_at_are_looked_at(root, told):
    repos.git(root, "update-index", told, "a/one", "a/deep/two")
    repos.write(root, {"a/one": "changed\n"})
    (root / "a/deep/two").unlink()
    with open_snapshot(root, WORK_TREE, ["a"]) as snapshot:
        assert snapshot.read("a/one") == b"changed\n"
        assert snapshot.read("a/deep/two") == b"2\n"


def test_a_replaced_object_is_the_one_that_was_committed(root):
    commit = repos.git(root, "rev-parse", "HEAD")
    before = open_snapshot(root, Commit("HEAD"), ["a"]).files
    repos.write(root, {"a/one": "other\n"})
    repos.git(root, "replace", commit, repos.commit(root))
    repos.git(root, "replace", before["a/one"].id, repos.git(root, "rev-parse", "HEAD:a/one"))
    with open_snapshot(root, Commit(commit), ["a"]) as snapshot:
        assert snapshot.files == before
        assert snapshot.read("a/one") == b"1\n"


def test_a_conflict_counts_as_the_file_on_disk(root):
    repos.git(root, "checkout", "-q", "-b", "side")
    repos.write(root, {"a/one": "side\n"})
    repos.commit(root)
    repos.git(root, "checkout", "-q", "main")
    repos.write(root, {"a/one": "main\n"})
    repos.commit(root)
    with pytest.raises(subprocess.CalledProcessError):
        repos.git(root, "merge", "side")
    with open_snapshot(root, WORK_TREE, ["a"]) as snapshot:
        assert b"<<<<<<<" in snapshot.read("a/one")
        assert snapshot.files["a/one"].mode == REGULAR
    repos.write(root, {"a/one": "1\n"})
    assert (
        open_snapshot(root, WORK_TREE, ["a"]).files["a/one"]
        == open_snapshot(root, Commit("HEAD~"), ["a"]).files["a/one"]
    )


def test_a_subfolder_of_a_repository_is_a_plain_folder(root):
    assert set(open_snapshot(root / "a", WORK_TREE, ["deep"]).files) == {"deep/two"}
    with pytest.raises(UserError, match="not the top of a Git repository"):
        open_snapshot(root / "a", Commit("HEAD"), ["deep"])


def test_a_bare_repository_has_revisions(root, tmp_path_factory):
    bare = tmp_path_factory.mktemp("bare") / "r.git"
    repos.git(root, "clone", "-q", "--bare", str(root), str(bare))
    with open_snapshot(bare, Commit("main"), ["b"]) as snapshot:
        assert snapshot.read("b/three") == b"3\n"


def test_a_tag_that_is_called_like_a_branch_stands_for_neither(root, tmp_path_factory):
    clone = tmp_path_factory.mktemp("clone") / "r"
    repos.git(root, "clone", "-q", str(root), str(clone))
    repos.write(clone, {"a/one": "mine\n"})
    mine = repos.commit(clone)
    with open_snapshot(clone, Commit("main"), ["a"]) as snapshot:
        assert snapshot.commit == mine
    repos.git(clone, "tag", "origin/main")
    with pytest.raises(UserError, match="origin/main names refs/tags/origin/main and refs/remotes/origin/main"):
        open_snapshot(clone, Commit("origin/main"), ["a"])
    with open_snapshot(clone, Commit("refs/remotes/origin/main"), ["a"]) as snapshot:
        assert snapshot.commit == repos.git(root, "rev-parse", "HEAD")
    repos.git(clone, "tag", "same", "HEAD")
    repos.git(clone, "branch", "same", "HEAD")
    with open_snapshot(clone, Commit("same"), ["a"]) as snapshot:
        assert snapshot.commit == mine


def test_unknown_revisions_and_files_are_named(root):
    with pytest.raises(UserError, match="no revision nowhere"):
        open_snapshot(root, Commit("nowhere"), ["a"])
    with open_snapshot(root, Commit("HEAD"), ["a"]) as snapshot, pytest.raises(UserError, match="no file a/none"):
        snapshot.read("a/none")


def test_a_program_that_the_repository_names_is_not_run(root):
    watcher = root / "watch"
    watcher.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    watcher.chmod(0o755)
    repos.git(root, "config", "core.fsmonitor", str(watcher))
    open_snapshot(root, WORK_TREE, ["a"])
    assert not os.path.exists(root / "ran")


def test_a_repository_with_other_ids_is_refused(tmp_path):
    repos.git(tmp_path, "init", "-q", "--object-format=sha256")
    with pytest.raises(UserError, match="SHA-256 format"):
        open_snapshot(tmp_path, WORK_TREE, ["a"])


def test_many_files_are_read_at_once_in_the_order_that_is_asked_for(root):
    """More than a pipe holds, both of what is asked and of what is answered."""
    texts = {f"many/{number:04}": f"{number}\n" * (40_000 if number % 400 == 0 else 1) for number in range(1700)}
    repos.write(root, texts)
    repos.commit(root)
    repos.write(root, {"many/0007": "changed\n"})
    wanted = [*sorted(texts, reverse=True), "a/link"]
    for ref, seventh in ((Commit("HEAD"), b"7\n"), (WORK_TREE, b"changed\n")):
        with open_snapshot(root, ref, ["many", "a"]) as snapshot:
            found = snapshot.read_all(wanted)
            assert list(found) == wanted
            assert found["a/link"] == b"one"
            assert found["many/0007"] == seventh
            assert all(found[path].decode() == text for path, text in texts.items() if path != "many/0007")
            assert snapshot.read_all([]) == {}


def test_a_file_that_the_repository_lacks_spoils_no_other(root):
    with open_snapshot(root, Commit("HEAD"), ["a"]) as snapshot:
        lost = snapshot.files["a/one"].id
        (root / ".git/objects" / lost[:2] / lost[2:]).unlink()
        with pytest.raises(UserError, match=f"lacks object {lost}"):
            snapshot.read_all(["a/deep/two", "a/one", "a/run"])
        assert snapshot.read_all(["a/deep/two", "a/run"]) == {"a/deep/two": b"2\n", "a/run": b"#!\n"}
        with pytest.raises(UserError, match="no file a/none"):
            snapshot.read_all(["a/run", "a/none"])
