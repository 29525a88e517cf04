"""Another user of the runner: what belongs to them is neither trusted nor taken for absent."""

import os
import shutil
from pathlib import Path

import pytest

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.remote import heads
from tests import repos

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def of_another_user(tmp_path: Path) -> Path:
    folder = tmp_path / "their repository"
    repos.write(folder, {"file": "x"})
    repos.commit(folder)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, 65534)
    return folder


@needs_root
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_local_remote_of_another_user_is_refused_with_what_allows_it(scheme: str, of_another_user: Path) -> None:
    address = of_another_user.as_uri() if scheme else str(of_another_user)
    with pytest.raises(OutsideError, match=r"dubious ownership.*safe\.directory"):
        heads(GitAccess(address))


@needs_root
@pytest.mark.parametrize("named", ["*", "{}", "{}/.git"])
def test_a_local_remote_that_the_user_trusts_is_read(named: str, of_another_user: Path, home: Path) -> None:
    repos.git(home, "config", "--global", "--add", "safe.directory", named.format(of_another_user))
    if named == "{}":
        repos.git(home, "config", "--global", "--add", "safe.directory", f"{of_another_user}/.git")
    assert heads(GitAccess(str(of_another_user))).default
