"""One changed byte anywhere, a missing and an added file are found."""

import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeaid_ci import UserError
from kubeaid_ci.bundle import tar_archive
from kubeaid_ci.bundle.model import MANIFEST
from kubeaid_ci.bundle.verify import verify_bundle
from tests.bundle import made


def rules(*bundles: Path) -> set[str]:
    """Return the rules of the findings; an unreadable manifest counts as one."""
    try:
        return {finding.rule.id for finding in verify_bundle(bundles).findings}
    except UserError as error:
        return {str(error)}


def test_a_whole_bundle_has_no_findings(tmp_path: Path) -> None:
    assert rules(made.folder(tmp_path / "whole")) == set()
    assert rules(made.tar(tmp_path / "whole.tar")) == set()


def test_every_byte_of_a_tar_counts(tmp_path: Path) -> None:
    data = made.tar(tmp_path / "whole.tar").read_bytes()
    damaged = tmp_path / "damaged.tar"
    used = len(data.rstrip(b"\0"))
    for at in (*range(used), *range(used, len(data), 61), len(data) - 1):
        damaged.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert rules(damaged), f"byte {at}"


def test_every_byte_of_a_folder_counts(tmp_path: Path) -> None:
    whole = made.folder(tmp_path / "whole")
    for path in (path for path in whole.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for at in range(len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
            assert rules(whole), f"{path}: byte {at}"
        path.write_bytes(data)
    assert rules(whole) == set()


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cut_insertion_or_exchange_passes(tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole.tar"
    if not whole.exists():
        made.tar(whole)
    source = whole.read_bytes()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(source))] * 2)))
    put = data.draw(st.binary(max_size=600))
    changed = source[:start] + put + source[end:]
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(changed)
    assert bool(rules(damaged)) == (changed != source)


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_a_missing_and_an_added_file_are_named(tmp_path: Path, kind: str) -> None:
    make = {"folder": made.folder, "tar": made.tar}[kind]
    files = {**made.FILES, "wheels/more.whl": b"x"}
    del files["wheels/a.whl"]
    place = make(tmp_path / f"bundle.{kind}", files, made.manifest())
    found = {finding.rule.id: finding.path for finding in verify_bundle([place]).findings}
    assert found == {"bundle/file-missing": "wheels/a.whl", "bundle/file-added": "wheels/more.whl"}


def test_files_in_another_order_are_no_bundle_of_the_same_bytes(tmp_path: Path) -> None:
    """Bytes are what is signed and compared, so there is one order."""
    source = made.folder(tmp_path / "files")
    place = tmp_path / "other.tar"
    with place.open("wb") as file:
        tar_archive.write(file, ((name, source / name) for name in (MANIFEST, *sorted(made.FILES, reverse=True))))
    assert rules(place)


def test_tar_reads_what_we_write(tmp_path: Path) -> None:
    long = f"images/{'a' * 90}/{'b' * 90}/blob"
    place = made.tar(tmp_path / "whole.tar", {**made.FILES, long: b"x" * 5000})
    assert rules(place) == set()
    with tarfile.open(place) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    assert rules(tmp_path / "out") == set()


def test_a_copied_folder_is_the_same_bundle(tmp_path: Path) -> None:
    shutil.copytree(made.folder(tmp_path / "whole"), tmp_path / "copy")
    assert rules(tmp_path / "copy") == set()
