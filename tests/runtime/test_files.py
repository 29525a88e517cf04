import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.runtime.files import append, new_folder, write_atomically, write_folder
from tests import repos


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_whole_has_the_mode_of_the_umask_and_nothing_is_beside_it(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new" / "report.json", b"{}\n")
    finally:
        os.umask(before)
    file = tmp_path / "new" / "report.json"
    assert file.read_bytes() == b"{}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert names(file.parent) == ["report.json"]


def test_an_old_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")
    file.chmod(0o600)
    with file.open() as reader:
        write_atomically(file, b"new")
        assert reader.read() == "old"
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["file", "folder", "below a folder", "dangling"])
def test_nothing_is_written_through_a_link(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, outside = tmp_path / "checkout", tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    checkout.mkdir()
    (outside / "file").write_text("old")
    links = {"file": ("report", "file"), "folder": ("reports", ""), "below a folder": ("reports", "")}
    name, target = links.get(place, ("report", "not/there"))
    (checkout / name).symlink_to(outside / target)
    report = {"file": "report", "folder": "reports/file", "below a folder": "reports/sub/file"}.get(place, "report")
    monkeypatch.chdir(checkout)
    for path in (Path(report), checkout / report):
        with pytest.raises(UserError, match="is a link; remove it or name another path"):
            write_atomically(path, b"new")
        with pytest.raises(UserError, match="is a link; remove it or name another path"):
            write_folder(path, {"x": b"new"})
    assert (outside / "file").read_text() == "old"
    assert sorted(path.name for path in outside.rglob("*")) == ["file", "sub"]


def test_link_above_the_current_folder_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "temp").symlink_to("real")
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    write_atomically(tmp_path / "temp" / "report", b"new")
    assert (tmp_path / "real" / "report").read_bytes() == b"new"


def test_what_is_no_regular_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"report")
        assert os.read(reader, 100) == b"report"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_failure_names_the_path_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UserError, match="below: cannot be written"):
        write_atomically(tmp_path / "file" / "below", b"x")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UserError, match="folder: cannot be written"):
        write_atomically(folder, b"x")
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "report"
    file.write_text("old")
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from kubeaid_ci.runtime.files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_atomically(Path(sys.argv[1]), b'x' * 5000)\n"
    )
    from kubeaid_ci.runtime.processes import run

    done = run([os.sys.executable, "-c", program, str(file)], env={"PYTHONPATH": os.pathsep.join(os.sys.path)})
    assert "cannot be written: File too large" in done.stderr
    assert file.read_text() == "old"
    assert names(tmp_path) == ["report"]


def test_text_is_added_at_the_end(tmp_path: Path) -> None:
    append(tmp_path / "summary", "ü\n")
    append(tmp_path / "summary", "\udcff\n")
    assert (tmp_path / "summary").read_bytes() == "ü\n\\udcff\n".encode()
    with pytest.raises(UserError, match="nowhere/x: cannot be written"):
        append(tmp_path / "nowhere" / "x", "x")


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    write_folder(tmp_path / "a/new", {"x/y.txt": b"1", "z": b"2"})
    assert repos.snapshot(tmp_path) == {"a/new/x/y.txt": b"1", "a/new/z": b"2"}
    with pytest.raises(UserError, match="is not empty"):
        write_folder(tmp_path / "a/new", {"other": b"1"})
    with pytest.raises(UserError, match="cannot be written"):
        write_folder(tmp_path / "b", {"x": b"1", "x/y": b"2"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "new", "x", "y.txt", "z"]


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", {"x": b"1"})
    assert repos.snapshot(tmp_path) == {"empty/x": b"1"}


def test_a_file_in_parts_is_written_whole_or_not_at_all(tmp_path):
    def broken():
        yield b"new"
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.json"
    write_atomically(path, [b"a", b"", b"b"])
    assert path.read_bytes() == b"ab"
    with pytest.raises(UserError, match=r"report.json: cannot be written: No space left on device"):
        write_atomically(path, broken())
    assert path.read_bytes() == b"ab"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_new_folder_appears_when_all_its_files_are_written(tmp_path):
    folder = tmp_path / "out"
    with new_folder(folder) as write:
        write("one/a", b"a")
        assert not folder.exists()
        write("one/b", b"b")
    assert sorted(path.name for path in (folder / "one").iterdir()) == ["a", "b"]
    with suppress(ValueError), new_folder(tmp_path / "other") as write:
        write("a", b"a")
        raise ValueError("stop")
    with new_folder(tmp_path / "more") as write:
        write("a", b"a")
        with pytest.raises(UserError, match="more: cannot be written: "):
            write("a/b", b"a")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["more", "out"]
