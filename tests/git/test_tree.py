import subprocess

from kubeaid_ci.git.tree import EXECUTABLE, LINK, REGULAR, File, below, blob_id, tree_id


def test_ids_are_those_that_git_gives(tmp_path):
    files = {
        "a/x": File(REGULAR, b"one"),
        "a-b": File(EXECUTABLE, b"two"),
        "a.c": File(REGULAR, b""),
        "a/deep/er/file": File(REGULAR, b"\0\xff"),
        "link": File(LINK, b"a/x"),
        "umlaut-\u00e4": File(REGULAR, b"u"),
    }
    for path, file in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == LINK:
            place.symlink_to(file.data.decode())
            continue
        place.write_bytes(file.data)
        place.chmod(0o755 if file.mode == EXECUTABLE else 0o644)

    def run(*argv):
        return subprocess.run(["git", *argv], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    run("init", "-q")
    run("add", "-A")
    assert tree_id({path: file.entry for path, file in files.items()}) == run("write-tree").strip()
    assert blob_id(b"one") == run("hash-object", "a/x").strip()


def test_files_below_a_folder_are_named_from_there():
    entry = File(REGULAR, b"").entry
    assert below({"a/b/c": entry, "a/bc": entry, "a/b": entry}, "a/b") == {"c": entry}


def test_a_links_mode_makes_another_tree():
    data = b"a/x"
    assert tree_id({"f": File(LINK, data).entry}) != tree_id({"f": File(REGULAR, data).entry})
