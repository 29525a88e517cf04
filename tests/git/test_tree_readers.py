"""One contract for every reader of a repository's files: disk, work tree, commit, plain folder."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.links import Refused
from kubeaid_ci.git.revision import WORK_TREE, Commit
from kubeaid_ci.git.source_files import CommitRef, CommitSource, FolderRef, FolderSource, Source, opened
from kubeaid_ci.git.tree import EXECUTABLE, FOLDER, GITLINK, LINK, REGULAR, SPECIAL
from kubeaid_ci.git.tree_reader import Kind, Listed, TreeReader
from tests import repos

LINKS = {
    "links/file": "../files/plain",
    "links/folder": "../files",
    "links/slash": "../files/",
    "links/dots": "./../links/.././files/deep",
    "links/chain": "folder/deep",
    "links/through": "chain/two",
    "links/dangling": "../files/nothing",
    "links/below-a-file": "../files/plain/more",
    "links/self": "self",
    "links/round": "trip",
    "links/trip": "round",
    "links/up": "../../etc/hostname",
    "links/absolute": "/etc/hostname",
    "links/git": "../.git/config",
    "links/GIT": "../.GIT/config",
    "links/inner": "../inner",
    "links/other-top": "../elsewhere/deep",
    "links/empty": "../empty",
    "files/link-out": "../elsewhere/one",
}
ODD = [
    b"\xff-not-utf8",
    b"tab\there",
    b"line\nbreak",
    b"back\\slash",
    b'quote"',
    b"-dash",
    b"Case",
    b"case",
    b" blank ",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with everything that is hard to read, all of it committed."""
    folder = tmp_path_factory.mktemp("tree").resolve() / "repo"
    repos.write(
        folder,
        {
            "files/plain": "1\n",
            "files/deep/two": "2\n",
            "elsewhere/one": "e\n",
            "elsewhere/deep/file": "f\n",
            "files/run": "#!\n",
            "files/pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "ends/unix": "1\n",
            ".gitattributes": "ends/* eol=crlf\n",
        },
    )
    (folder / "files/run").chmod(0o755)
    for name in ODD:
        path = os.fsencode(folder / "odd") + b"/" + name + b"/file"
        os.makedirs(os.path.dirname(path))
        Path(os.fsdecode(path)).write_text("odd\n")
    for path, target in LINKS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).symlink_to(target)
    repos.write(folder / "inner", {"x": "1"})
    repos.commit(folder / "inner")
    (folder / "empty/more").mkdir(parents=True)
    repos.commit(folder)
    return folder


def _plain(root: Path) -> TreeReader:
    copy = root.parent / "plain"
    if not copy.exists():
        shutil.copytree(root, copy, symlinks=True)
        shutil.rmtree(copy / ".git")
    return snapshot.open_snapshot(copy, WORK_TREE, [""])


READERS: dict[str, Callable[[Path], TreeReader]] = {
    "disk": lambda root: DiskTree(str(root)),
    "work tree": lambda root: snapshot.open_snapshot(root, WORK_TREE, [""]),
    "commit": lambda root: snapshot.open_snapshot(root, Commit("HEAD"), [""]),
    "plain folder": _plain,
    # What is listed at first is a part; links lead to the rest.
    "part of the work tree": lambda root: snapshot.open_snapshot(root, WORK_TREE, ["links"]),
    "part of a commit": lambda root: snapshot.open_snapshot(root, Commit("HEAD"), ["links"]),
    "source of a folder": lambda root: opened(FolderRef(str(root))).tree,
    "source of a commit": lambda root: opened(CommitRef(str(root), repos.git(root, "rev-parse", "HEAD"), "links")).tree,
}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, root: Path) -> Iterator[TreeReader]:
    found = READERS[request.param](root)
    yield found
    found.close()


def test_links_are_followed_inside_the_repository_only(reader):
    def refused(name: str, reason: str) -> Listed:
        target = LINKS[f"links/{name}"]
        reason = f"is a link to {target}, which {reason}"
        broken = "nothing" in reason or "circle" in reason
        return Listed(name, f"links/{name}", Kind.REFUSED, target=target, reason=reason, is_broken=broken)

    def followed(name: str, kind: Kind, real: str) -> Listed:
        return Listed(name, f"links/{name}", kind, real, LINKS[f"links/{name}"])

    submodule = "is another repository (a submodule), whose files are not part of this one"
    assert reader.listing("links") == (
        refused("GIT", "leads into .git"),
        refused("absolute", "is absolute, so it leads out of the repository"),
        refused("below-a-file", "leads to nothing"),
        followed("chain", Kind.FOLDER, "files/deep"),
        refused("dangling", "leads to nothing"),
        followed("dots", Kind.FOLDER, "files/deep"),
        refused("empty", "leads to nothing"),
        followed("file", Kind.FILE, "files/plain"),
        followed("folder", Kind.FOLDER, "files"),
        refused("git", "leads into .git"),
        Listed("inner", "links/inner", Kind.REFUSED, "inner", "../inner", submodule),
        followed("other-top", Kind.FOLDER, "elsewhere/deep"),
        refused("round", "leads in a circle"),
        refused("self", "leads in a circle"),
        followed("slash", Kind.FOLDER, "files"),
        followed("through", Kind.FILE, "files/deep/two"),
        refused("trip", "leads in a circle"),
        refused("up", "leads out of the repository"),
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", FOLDER),
        ("files", FOLDER),
        ("files/plain", REGULAR),
        ("files/run", EXECUTABLE),
        ("links/file", LINK),
        ("files/plain/more", None),
        ("files/nothing", None),
        ("nothing/at/all", None),
        ("empty", None),
        ("empty/more", None),
        ("inner", GITLINK),
    ],
)
def test_modes_are_those_of_git_and_follow_no_link(reader, path, expected):
    assert reader.mode(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("links/folder/deep/two", "files/deep/two"),
        ("links/slash/plain", "files/plain"),
        ("links/folder/../elsewhere/one", "elsewhere/one"),
        ("./files//plain", "files/plain"),
        ("links/folder/link-out", "elsewhere/one"),
        ("files/nothing", Refused("leads to nothing", is_broken=True)),
        ("../x", Refused("leads out of the repository")),
        ("files/../.git/HEAD", Refused("leads into .git")),
    ],
)
def test_paths_lead_through_links(reader, path, expected):
    assert reader.real(path) == expected


def test_a_folder_behind_a_link_is_listed(reader):
    listed = [(one.name, one.path, one.kind) for one in reader.listing("links/chain")]
    assert listed == [("two", "files/deep/two", Kind.FILE)]
    assert reader.is_folder("links/chain")
    assert not reader.is_folder("links/through")
    assert not reader.is_folder("links/up")


def test_a_folder_behind_a_refused_link_is_an_error_and_a_missing_one_is_empty(reader):
    with pytest.raises(UserError, match="links/up: leads out of the repository"):
        reader.listing("links/up")
    assert reader.listing("nothing") == reader.listing("empty") == reader.listing("files/plain") == ()


def test_names_are_kept_as_they_are(reader):
    assert [os.fsencode(one.name) for one in reader.listing("odd")] == sorted(ODD, key=os.fsdecode)
    for one in reader.listing("odd"):
        assert one.kind is Kind.FOLDER
        assert [inner.path for inner in reader.listing(one.path)] == [f"{one.path}/file"]


def test_the_root_is_listed_without_git(reader):
    names = [".gitattributes", "elsewhere", "ends", "files", "inner", "links", "odd"]
    assert [one.name for one in reader.listing("")] == names


@pytest.fixture(params=["folder", "commit"])
def source(request: pytest.FixtureRequest, root: Path) -> Iterator[Source]:
    """What an evaluation reads from."""
    commit = repos.git(root, "rev-parse", "HEAD")
    at = FolderRef(str(root)) if request.param == "folder" else CommitRef(str(root), commit, "links")
    found = opened(at)
    yield found
    found.tree.close()


def test_sources_read_through_links(source):
    real = source.real(f"{source.prefix}/links/through")
    assert real == f"{source.prefix}/files/deep/two"
    assert source.has(real)
    assert source.read(real) == b"2\n"
    assert source.digest(real) == source.digest(real) != source.digest(f"{source.prefix}/files/plain")
    assert source.folders(f"{source.prefix}/links/folder") == source.folders(f"{source.prefix}/files") == ("deep",)
    assert source.folders(f"{source.prefix}/nothing") == ()


@pytest.mark.parametrize("name", ["up", "absolute", "git", "self"])
def test_sources_lead_outside_where_a_link_is_refused(source, name):
    real = source.real(f"{source.prefix}/links/{name}")
    assert not real.startswith(source.prefix)


@pytest.mark.parametrize("path", ["files", "files/nothing", "links/file", "files/plain/more"])
def test_sources_have_files_only(source, path):
    assert not source.has(f"{source.prefix}/{path}")
    assert source.digest(f"{source.prefix}/{path}") is None


def test_a_pointer_of_git_lfs_is_not_taken_for_the_file(source):
    with pytest.raises(
        UserError, match="files/pointer: a Git LFS pointer, whose content is not here; run: git lfs pull"
    ):
        source.read(f"{source.prefix}/files/pointer")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    repos.write(tmp_path, {"a": ""})
    with (tmp_path / "a").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    commit = repos.commit(tmp_path)
    for source in (FolderSource(str(tmp_path)), CommitSource(CommitRef(str(tmp_path), commit, ""))):
        with pytest.raises(UserError, match="larger than 64 MiB"):
            source.read(f"{source.prefix}/a")
        assert source.has(f"{source.prefix}/a")
        source.tree.close()


def test_a_pipe_is_refused_on_disk_and_is_in_no_commit(tmp_path):
    repos.write(tmp_path, {"a/file": "1"})
    repos.commit(tmp_path)
    os.mkfifo(tmp_path / "a/pipe")
    refused = Listed("pipe", "a/pipe", Kind.REFUSED, "a/pipe", reason="is a pipe, a socket or a device")
    tree = DiskTree(str(tmp_path))
    assert [one for one in tree.listing("a") if one.name == "pipe"] == [refused]
    assert tree.mode("a/pipe") == SPECIAL
    assert not FolderSource(str(tmp_path)).has(f"{tmp_path}/a/pipe")
    with snapshot.open_snapshot(tmp_path, Commit("HEAD"), ["a"]) as committed:
        assert [one.name for one in committed.listing("a")] == ["file"]


def test_ignored_files_are_on_disk_only(tmp_path):
    repos.write(tmp_path, {"a/file": "1", "a/made.log": "x", ".gitignore": "*.log\nbuilt/\n", "a/built/x": "1"})
    repos.commit(tmp_path)
    assert [one.name for one in DiskTree(str(tmp_path)).listing("a")] == ["built", "file", "made.log"]
    for ref in (WORK_TREE, Commit("HEAD")):
        with snapshot.open_snapshot(tmp_path, ref, ["a"]) as found:
            assert [one.name for one in found.listing("a")] == ["file"]


def test_files_are_those_that_git_stores_whatever_line_ends_are_checked_out(root):
    with (
        snapshot.open_snapshot(root, WORK_TREE, ["ends"]) as tree,
        snapshot.open_snapshot(root, Commit("HEAD"), ["ends"]) as committed,
    ):
        assert tree.files == committed.files
        assert tree.read("ends/unix") == committed.read("ends/unix") == b"1\n"


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path, monkeypatch):
    repos.write(tmp_path, {"a/file": "1"})

    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", denied)
    tree = DiskTree(str(tmp_path))
    assert tree.mode("a") == FOLDER
    with pytest.raises(UserError, match="a: cannot be read: Permission denied"):
        tree.listing("a")
