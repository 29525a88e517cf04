import os

import pytest

from kubeaid_ci.charts.update.folder import replace, staging, write
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File
from tests import repos

CHART = "argocd-helm-charts/web"


def file(text, mode=REGULAR):
    return File(mode, text.encode())


@pytest.fixture
def root(tmp_path):
    files = {"Chart.yaml": "old", "own.yaml": "own", "charts/web/a": "a", "charts/web/b/c": "c"}
    repos.write(tmp_path, {f"{CHART}/{path}": text for path, text in files.items()})
    (tmp_path / CHART / "charts/linked").symlink_to("../../linked")
    return tmp_path


def test_a_folder_gets_its_new_files_and_keeps_what_is_not_replaced(root):
    new = {f"{CHART}/Chart.yaml": file("new"), f"{CHART}/charts/web/run": file("r", EXECUTABLE)}
    replace(root, CHART, new, replaced=[f"{CHART}/charts/web"])
    folder = root / CHART
    assert repos.snapshot(folder) == {"Chart.yaml": b"new", "charts/web/run": b"r", "own.yaml": b"own"}
    assert os.readlink(folder / "charts/linked") == "../../linked"
    assert os.access(folder / "charts/web/run", os.X_OK)
    assert os.listdir(root) == ["argocd-helm-charts"]


def test_a_file_that_is_to_go_goes_and_a_new_folder_is_made(root):
    replace(root, CHART, {f"{CHART}/own.yaml": None})
    assert not (root / CHART / "own.yaml").exists()
    replace(root, "argocd-helm-charts/api", {"argocd-helm-charts/api/Chart.yaml": file("x")})
    assert repos.snapshot(root / "argocd-helm-charts/api") == {"Chart.yaml": b"x"}


def test_what_a_killed_run_left_does_not_get_in(root):
    repos.write(staging(root), {"web/evil.yaml": "x"})
    replace(root, CHART, {})
    assert not (root / CHART / "evil.yaml").exists()
    assert not staging(root).exists()


def test_in_a_git_checkout_nothing_unfinished_is_among_the_files(root):
    assert staging(root).parent == root
    (root / ".git").mkdir()
    assert staging(root).parent == root / ".git"


def test_a_folder_that_cannot_be_written_stands_as_it_was(root):
    before = repos.snapshot(root)
    clash = {f"{CHART}/own.yaml/below": file("x")}
    with pytest.raises(UserError, match="the chart is left as it was"):
        replace(root, CHART, clash)
    assert repos.snapshot(root) == before


@pytest.mark.parametrize("folder", [CHART, "argocd-helm-charts/api"])
def test_a_folder_is_put_back_where_what_goes_with_it_fails(root, folder):
    (root / "ledger").mkdir()
    (root / "own").write_text("old")
    before = repos.snapshot(root)
    with pytest.raises(UserError, match="ledger: cannot be written: Is a directory; the chart is left as it was"):
        replace(root, folder, {f"{folder}/new": file("x")}, then={"new": b"x", "own": b"x", "ledger": b"x"})
    assert repos.snapshot(root) == before
    assert sorted(os.listdir(root)) == ["argocd-helm-charts", "ledger", "own"]


def test_what_goes_with_a_folder_keeps_its_mode_and_a_link_stays_one(root):
    repos.write(root, {"real": "old"})
    (root / "real").chmod(0o600)
    (root / "ledger").symlink_to("real")
    replace(root, CHART, {}, then={"ledger": b"new"})
    assert (os.readlink(root / "ledger"), (root / "real").read_bytes()) == ("real", b"new")
    assert (root / "real").stat().st_mode & 0o777 == 0o600


def test_files_alone_are_written_all_or_none(root):
    repos.write(root, {"a": "old"})
    (root / "b").mkdir()
    before = repos.snapshot(root)
    with pytest.raises(UserError, match="b: cannot be written: Is a directory; nothing is changed"):
        write(root, {"a": b"new", "c": b"new", "b": b"new"})
    assert repos.snapshot(root) == before
    write(root, {"a": b"new", "c": b"new"})
    assert ((root / "a").read_text(), (root / "c").read_text()) == ("new", "new")
    assert sorted(os.listdir(root)) == ["a", "argocd-helm-charts", "b", "c"]
