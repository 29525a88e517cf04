"""Bundles that somebody made to do harm: nothing is written outside, nothing is read without an end."""

import io
import json
import os
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci import UserError
from kubeaid_ci.bundle import tar_archive
from kubeaid_ci.bundle.model import MANIFEST, Manifest
from kubeaid_ci.bundle.restore import restore_bundle
from kubeaid_ci.bundle.verify import verify_bundle
from tests.bundle import made

HUGE = 2**50


def info(name: str, **fields: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member


MEMBERS = {
    "an absolute path": info("/tmp/escaped"),
    "a path that goes up": info("wheels/../../escaped"),
    "a symbolic link": info("wheels/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": info("wheels/link", type=tarfile.LNKTYPE, linkname="../escaped"),
    "a device": info("wheels/zero", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "a pipe": info("wheels/pipe", type=tarfile.FIFOTYPE),
    "a folder": info("wheels/folder", type=tarfile.DIRTYPE),
    "another owner": info("wheels/owned", uid=1000),
    "a set-user-id bit": info("wheels/suid", mode=0o4755),
    "control characters": info("wheels/\x1b[2J"),
    "a hidden name": info(".git/hooks/pre-commit"),
    "a file within a file": info("wheels/a.whl/b"),
    "another size of a listed file": info("wheels/empty", size=0, mtime=1),
}


def with_member(place: Path, member: tarfile.TarInfo) -> Path:
    """Write a bundle with one member more, before the end of the archive."""
    whole = made.tar(place).read_bytes().rstrip(b"\0")
    whole += bytes(-len(whole) % 512)
    added = member.tobuf(tarfile.PAX_FORMAT)
    body = whole + added
    place.write_bytes(body + bytes(1024 + -(len(body) + 1024) % 10240))
    return place


@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_no_member_that_is_no_plain_file_is_taken(tmp_path: Path, member: tarfile.TarInfo) -> None:
    place = with_member(tmp_path / "bundle.tar", member)
    assert verify_bundle([place]).findings
    found = restore_bundle([place], tmp_path / "into")
    assert found.findings
    assert {path.name for path in tmp_path.iterdir()} == {"bundle.tar", "bundle.files"}
    assert not Path("/tmp/escaped").exists()


def test_a_member_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    place = with_member(tmp_path / "bundle.tar", info("wheels/huge", size=HUGE))
    started = time.process_time()
    assert verify_bundle([place]).findings
    assert time.process_time() - started < 2


def test_an_extended_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    member = info("wheels/x", type=tarfile.XHDTYPE, size=HUGE)
    place = with_member(tmp_path / "bundle.tar", member)
    assert verify_bundle([place]).findings


def test_a_manifest_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "bundle.tar"
    place.write_bytes(tar_archive.header(MANIFEST, HUGE))
    with pytest.raises(UserError, match="more than the"):
        verify_bundle([place])


@pytest.mark.parametrize("make", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_links_in_a_folder(tmp_path: Path, make: Any) -> None:
    place = made.folder(tmp_path / "bundle")
    secret = tmp_path / "secret"
    secret.write_bytes(made.FILES["wheels/a.whl"] + b"!")
    (place / "wheels/a.whl").unlink()
    make(secret, place / "wheels/a.whl")
    assert {finding.path for finding in verify_bundle([place]).findings} == {"wheels/a.whl"}


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "bundle")
    (place / "wheels").rename(tmp_path / "elsewhere")
    (place / "wheels").symlink_to(tmp_path / "elsewhere")
    found = {finding.rule.id for finding in verify_bundle([place]).findings}
    assert found == {"bundle/unsafe-member", "bundle/file-missing"}


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "bundle")
    os.mkfifo(place / "wheels/pipe")
    assert [finding.rule.id for finding in verify_bundle([place]).findings] == ["bundle/unsafe-member"]


def test_a_manifest_that_is_a_link_is_no_manifest(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "bundle")
    (place / MANIFEST).rename(tmp_path / MANIFEST)
    (place / MANIFEST).symlink_to(tmp_path / MANIFEST)
    with pytest.raises(UserError, match="has no bundle"):
        verify_bundle([place])


def lying(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(made.manifest().to_bytes())
    return {**content, **changes}


FILE = {"path": "wheels/a.whl", "size": 1, "sha256": "00", "in_base": False}
REPOSITORY = {
    "name": "config",
    "files": [],
    "address": "",
    "head": "0" * 40,
    "branch": "",
    "default_branch": "",
    "refs": {},
    "pinned": {},
}
LIES = {
    "no object": [],
    "another schema": lying(schema="kubeaid-ci/bundle/v9"),
    "a path that goes up": lying(files=[{**FILE, "path": "../x"}]),
    "an absolute path": lying(files=[{**FILE, "path": "/x"}]),
    "a path with a backslash": lying(files=[{**FILE, "path": "a\\b"}]),
    "a hidden path": lying(files=[{**FILE, "path": ".git/config"}]),
    "the manifest itself": lying(files=[{**FILE, "path": MANIFEST}]),
    "a path twice": lying(files=[FILE, FILE]),
    "a path twice in another case": lying(files=[{**FILE, "path": "A"}, {**FILE, "path": "a"}]),
    "a file that is a folder too": lying(files=[{**FILE, "path": "a"}, {**FILE, "path": "a/b"}]),
    "a negative size": lying(files=[{**FILE, "size": -1}]),
    "a size that is a text": lying(files=[{**FILE, "size": "1"}]),
    "a size that is true": lying(files=[{**FILE, "size": True}]),
    "a size beyond all": lying(files=[{**FILE, "size": 2**70}]),
    "no list": lying(files={}),
    "more fields": lying(more=1),
    "a ref with a line break": lying(repositories=[{**REPOSITORY, "refs": {"refs/heads/a\nb": "00"}}]),
    "a ref that is no ref": lying(repositories=[{**REPOSITORY, "refs": {"HEAD": "00"}}]),
    "an id that is an option": lying(repositories=[{**REPOSITORY, "head": "--upload-pack=x"}]),
    "a third repository": lying(repositories=[{**REPOSITORY, "name": "../other"}]),
    "files of a repository that are not listed": lying(repositories=[{**REPOSITORY, "files": ["repositories/a"]}]),
    "not a number": lying(sequence=float("nan")),
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_a_lying_manifest_is_refused_even_with_its_own_digest(tmp_path: Path, content: Any) -> None:
    """Somebody who makes a bundle makes its digest too."""
    place = made.folder(tmp_path / "bundle")
    (place / MANIFEST).write_bytes((json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
    with pytest.raises(UserError):
        verify_bundle([place])


def test_a_deep_manifest_is_refused(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "bundle")
    (place / MANIFEST).write_bytes(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(UserError, match="nested"):
        verify_bundle([place])


def test_unsafe_paths_are_refused_with_a_right_digest() -> None:
    for path in ("../x", "/x", ".git/x", "a//b", "a/./b", "a/", "", "a\nb", "C:x", "a\u202eb"):
        about = made.manifest({path: b""})
        with pytest.raises(UserError):
            Manifest.parse(about.to_bytes(), where="test")


def test_a_file_that_grows_is_not_copied_to_its_end(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "bundle")
    with (place / "wheels/empty").open("wb") as file:
        file.truncate(HUGE // 1024)  # sparse
    started = time.process_time()
    assert [finding.rule.id for finding in verify_bundle([place]).findings] == ["bundle/file-modified"]
    assert time.process_time() - started < 2


@pytest.mark.parametrize("data", [b"", b"\0" * 20480, b"PK\3\4", io.BytesIO(b"x" * 600).read()])
def test_what_is_no_bundle(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(UserError, match="not a bundle"):
        verify_bundle([tmp_path / "x.tar"])
