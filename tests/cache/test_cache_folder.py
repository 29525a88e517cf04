"""Whose cache is believed: nobody else may write it, and no change may bring one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeaid_ci.cache.cache import default_folder, make_folders, private
from kubeaid_ci.errors import UserError
from tests.servers.git import git


def link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to("elsewhere")


def open_to_all(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def tracked(folder: Path) -> None:
    git(folder.parent, "init", "-q")
    (folder / "build").mkdir(parents=True)
    (folder / "build" / "record").write_text("x")
    git(folder.parent, "add", "-A")


def tracked_behind_a_link(folder: Path) -> None:
    tracked(folder.parent.parent / "evil")
    folder.parent.parent.joinpath("evil/cache").mkdir()
    folder.parent.symlink_to("evil")


def behind_a_link(folder: Path) -> None:
    git(folder.parent.parent, "init", "-q")
    folder.parent.symlink_to("elsewhere")


def file(folder: Path) -> None:
    folder.touch()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (file, "the cache is not a folder"),
        (link, "the cache is a link"),
        (open_to_all, "the cache may be written by other users"),
        (tracked, "the cache holds files that .* tracks"),
    ],
)
def test_folder_that_a_stranger_could_have_filled_is_refused(
    make: Callable[[Path], None], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    make(folder)
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(folder))
    with pytest.raises(UserError, match=message):
        default_folder()


@pytest.mark.parametrize("make", [tracked_behind_a_link, behind_a_link])
def test_folder_behind_a_link_of_the_checkout_is_refused(
    make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / ".kubeaid-ci" / "cache")
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / ".kubeaid-ci" / "cache"))
    with pytest.raises(UserError, match=r"leads through the link .*/\.kubeaid-ci"):
        default_folder()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    os.chown(tmp_path / "cache", 65534, 65534)
    with pytest.raises(UserError, match="belongs to another user"):
        private(tmp_path / "cache")


def test_new_folder_and_an_older_one_are_closed_to_others(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        (tmp_path / "older").mkdir(mode=0o755)
        for name in ("older", "new"):
            make_folders(tmp_path / name)
            assert private(tmp_path / name).stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(previous)


def test_cache_of_ci_in_a_checkout_that_does_not_track_it_is_used(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    make_folders(tmp_path / ".kubeaid-ci" / "cache")
    assert private(tmp_path / ".kubeaid-ci" / "cache").is_dir()
