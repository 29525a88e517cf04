import subprocess

import pytest

from kubeaid_ci.git.patches import PatchError, apply_patches
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File
from tests import repos

OLD = {"values.yaml": "a: 1\nb: 2\nc: 3\n", "templates/x.yaml": "kind: X\n", 'odd "name\\.txt': "1\n", "bin": b"\0\xff"}


def files(texts):
    return {path: File(REGULAR, text if isinstance(text, bytes) else text.encode()) for path, text in texts.items()}


@pytest.fixture
def patch(tmp_path):
    """The patch that Git makes of one set of files to another."""

    def make(new, old=OLD):
        repos.write(tmp_path, old)
        repos.commit(tmp_path)
        for path in old.keys() - new.keys():
            (tmp_path / path).unlink()
        repos.write(tmp_path, new)
        repos.git(tmp_path, "add", "--all")
        return subprocess.run(["git", "diff", "--binary", "HEAD"], cwd=tmp_path, capture_output=True, check=True).stdout

    return make


def test_a_patch_gives_exactly_what_it_was_made_from(patch):
    new = {**OLD, "values.yaml": "a: 1\nb: two\nc: 3\n", "new/file.yaml": "x\r\n", "bin": b"\0\xfe"}
    del new["templates/x.yaml"]
    assert apply_patches(files(OLD), {"patches/x.patch": patch(new)}) == files(new)


def test_without_patches_files_are_left_out_alone():
    assert apply_patches(files(OLD), {}) == files(OLD)
    assert set(apply_patches(files(OLD), {}, removed=["bin", "values.yaml"])) == {"templates/x.yaml", 'odd "name\\.txt'}


def test_patches_build_on_each_other(patch, tmp_path):
    middle = {**OLD, "values.yaml": "a: 1\nb: 2\nc: 4\n"}
    first = patch(middle)
    last = {**OLD, "values.yaml": "a: 1\nb: 2\nc: 5\n"}
    second = patch(last, old=middle)
    assert apply_patches(files(OLD), {"patches/1.patch": first, "patches/2.patch": second}) == files(last)


def test_modes_are_kept_and_set():
    text = b"diff --git a/values.yaml b/values.yaml\nold mode 100644\nnew mode 100755\n"
    found = apply_patches({**files(OLD), "run": File(EXECUTABLE, b"x")}, {"patches/x.patch": text})
    assert (found["values.yaml"].mode, found["run"].mode) == (EXECUTABLE, EXECUTABLE)


def test_a_patch_for_other_content_is_refused_and_named(patch):
    made = patch({**OLD, "values.yaml": "a: 1\nb: two\nc: 3\n"})
    with pytest.raises(PatchError, match=r"patches/x\.patch does not apply to the published files"):
        apply_patches(files({**OLD, "values.yaml": "a: 1\nb: 9\nc: 3\n"}), {"patches/x.patch": made})


def test_a_file_to_leave_out_must_be_there():
    with pytest.raises(PatchError, match="gone is declared as removed, but is not published"):
        apply_patches(files(OLD), {}, removed=["gone"])


HOSTILE = {
    "a path outside": b"--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+x\n",
    "Git's own folder": b"diff --git a/.git/config b/.git/config\nnew file mode 100644\n--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
    "a link": b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n",
    "no patch": b"hello\n",
    "nothing": b"",
    "no context": b"--- a/values.yaml\n+++ b/values.yaml\n@@ -0,0 +2 @@\n+evil: 1\n",
    "too large": b"x" * (17 * 1024 * 1024),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_patches_are_refused(text):
    with pytest.raises(PatchError):
        apply_patches(files(OLD), {"patches/x.patch": text})


def test_settings_of_the_user_make_nothing_fit(patch, home):
    made = patch({**OLD, "values.yaml": "a: 1\nb: two\nc: 3\n"})
    (home / ".gitconfig").write_text("[apply]\n\tignoreWhitespace = change\n[core]\n\tautocrlf = true\n")
    with pytest.raises(PatchError):
        apply_patches(files({**OLD, "values.yaml": "a:  1\nb:  2\nc:  3\n"}), {"patches/x.patch": made})


def test_a_patch_that_makes_a_link_in_the_place_of_a_file_is_refused():
    gone = b"diff --git a/values.yaml b/values.yaml\ndeleted file mode 100644\n--- a/values.yaml\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-a: 1\n-b: 2\n-c: 3\n"
    link = b"diff --git a/values.yaml b/values.yaml\nnew file mode 120000\n--- /dev/null\n+++ b/values.yaml\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"
    with pytest.raises(PatchError, match=r"values\.yaml: a patch makes a link"):
        apply_patches(files(OLD), {"patches/1.patch": gone, "patches/2.patch": link})


def test_a_patch_that_makes_a_submodule_is_refused():
    made = (
        b"diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit "
        + b"1" * 40
        + b"\n"
    )
    with pytest.raises(PatchError, match="a submodule"):
        apply_patches(files(OLD), {"patches/x.patch": made})
