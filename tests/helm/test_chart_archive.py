import gzip
import io
import random
import tarfile
import tracemalloc
import unicodedata
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File
from kubeaid_ci.helm.chart_archive import UnsafeArchive, read
from kubeaid_ci.helm.packed_chart import pack
from kubeaid_ci.visible import visible
from tests.archives import CHART, block, blocks, checked, entry, padded, pax, tar, tgz

MIB = 1024 * 1024


def refused(data: bytes) -> str:
    with pytest.raises(UnsafeArchive) as caught:
        read(data, chart="web")
    assert str(caught.value) == f"unsafe archive: {caught.value.reason}"
    return caught.value.reason


def test_the_files_are_those_below_the_top_folder_sorted_with_their_modes() -> None:
    long = "templates/" + "long" * 40 + ".yaml"
    data = tgz(
        ("web/values.yaml", b"a: 1\n"),
        entry("web/run.sh", mode=0o741),
        entry("web/templates", tarfile.DIRTYPE, mode=0o755),
        (f"web/{long}", b"{}\n"),
        ("web/ümlaut", b""),
    )
    assert read(data, chart="web") == {
        "Chart.yaml": File(REGULAR, CHART),
        "run.sh": File(EXECUTABLE, b""),
        long: File(REGULAR, b"{}\n"),
        "values.yaml": File(REGULAR, b"a: 1\n"),
        "ümlaut": File(REGULAR, b""),
    }
    assert list(read(data, chart="web")) == sorted(read(data, chart="web"))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_each_common_format_of_long_names_is_read(form: int) -> None:
    packed = io.BytesIO()
    name = "web/" + "folder/" * 13 + "x" * 60
    with tarfile.open(fileobj=packed, mode="w:gz", format=form) as archive:
        for path, data in (("web/Chart.yaml", CHART), (name, b"text")):
            archive.addfile(
                entry(path, size=len(data), mtime=1.5 if form == tarfile.PAX_FORMAT else 1), io.BytesIO(data)
            )
    assert read(packed.getvalue(), chart="web")[name.removeprefix("web/")].data == b"text"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("web/../evil", "leaves its folder"),
        ("../evil", "leaves its folder"),
        ("web/..", "leaves its folder"),
        ("/etc/passwd", "leaves its folder"),
        ("./web/x", "leaves its folder"),
        ("web//x", "leaves its folder"),
        ("web/templates\\..\\x", "backslash"),
        ("C:/x", "names a drive"),
        ("web/c:x", "names a drive"),
        ("web/.git/config", "reserved for Git"),
        ("web/x/.GIT /config", "reserved for Git"),
        ("web/git~1", "reserved for Git"),
        ("web/.git::$INDEX_ALLOCATION/x", "reserved for Git"),
        ("web/a\nb", "not seen"),
        ("web/\x1b[2Jx", "not seen"),
        ("web/val\u200bues.yaml", "not seen"),
        ("web/\u202etxt.x", "not seen"),
        ("web/a\u00a0b", "not seen"),
        ("web/" + "x" * 1100, "too long"),
        ("web/" + "x/" * 45 + "x", "too deep"),
        ("web", "there twice"),
        ("other/Chart.yaml", "not in the folder 'web'"),
        ("Chart.yaml", "not in the folder 'web'"),
        ("web/Chart.yaml", "there twice"),
        ("web/chart.yaml", "one file on some systems"),
        ("web/Chart.yaml/x", "there twice"),
    ],
)
def test_a_name_that_is_not_safe_everywhere_is_refused(name: str, reason: str) -> None:
    assert reason in refused(tgz((name, b"x")))


def test_two_names_that_differ_in_case_or_composition_are_refused() -> None:
    assert "one file on some" in refused(tgz(("web/Templates/a", b""), ("web/templates/b", b"")))
    composed = unicodedata.normalize("NFC", "web/é")
    assert "one file on some" in refused(tgz((composed, b""), (unicodedata.normalize("NFD", composed), b"")))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.CONTTYPE, "the unknown type"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (b"V", "the unknown type"),
    ],
)
def test_what_is_no_file_and_no_folder_is_refused(kind: bytes, reason: str) -> None:
    assert reason in refused(tgz(entry("web/x", kind, linkname="values.yaml")))


def test_a_second_top_folder_is_refused_even_where_it_is_empty() -> None:
    assert "not in the folder" in refused(tgz(entry("evil", tarfile.DIRTYPE)))


def test_a_chart_of_another_name_is_refused() -> None:
    assert "is not in the folder 'web'" in refused(tgz(top="other"))
    assert "names 'other'" in refused(tgz(chart=CHART.replace(b"web", b"other")))
    assert "a list instead of a mapping" in refused(tgz(chart=b"[]"))
    assert "names None" in refused(tgz(chart=b"version: 1.0.0\n"))
    assert "names 'web' and not, or not only" in refused(tgz(chart=b"name: other\n" + CHART))
    assert "no Chart.yaml" in refused(tgz(("web/values.yaml", b""), chart=None))
    assert "no Chart.yaml" in refused(gzip.compress(bytes(1024)))


def test_a_chart_yaml_that_two_readers_read_differently_is_refused() -> None:
    assert "byte order mark" in refused(tgz(chart=b"\xef\xbb\xbf" + CHART))
    assert "Chart.yaml:3: not valid YAML" in refused(tgz(chart=b"name: web\na: [\n"))
    assert "not UTF-8" in refused(tgz(chart=b"name: web\na: \xff"))
    assert "more than 1,048,576 bytes" in refused(tgz(chart=CHART + b"#" * MIB))
    bomb = b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 10)
    )
    assert "aliases repeat" in refused(tgz(chart=CHART + bomb))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut off"),
        (b"<html>", "not a whole gzip file"),
        (tar(), "not a whole gzip file"),
        (tgz()[:-1], "cut off"),
        (tgz()[:60], "cut off"),
        (tgz()[:-8] + bytes(8), "not a whole gzip file"),
        (tgz() + b"x", "behind the end of the gzip file"),
        (tgz() + tgz(), "behind the end of the gzip file"),
        (gzip.compress(tar()[:1024]), "cut off"),
        (gzip.compress(tar()[:700]), "cut off"),
        (gzip.compress(tar()[:1024] + bytes(512)), "cut off"),
        (gzip.compress(tar() + b"x"), "behind the end of the archive"),
        (gzip.compress(tar() + bytes(9 * MIB) + b"x"), "behind the end of the archive"),
        (gzip.compress(tar()[:1024] + bytes(512) + tar()), "behind the end of the archive"),
        (blocks(b"x" * 512), "an invalid number"),
        (blocks(block(b"web/x").replace(b"web/x", b"web/y")), "a damaged header"),
        (blocks(block(b"web/x", magic=bytes(8))), "not of the POSIX or GNU format"),
        (blocks(checked(block(b"web/x")[:508] + b"tar\0")), "not of the POSIX or GNU format"),
        (blocks(checked(block(b"x", magic=b"ustar  \0")[:345] + b"../..".ljust(167, b"\0"))), "not of the POSIX"),
        (blocks(checked(block(b"web/x")[:124] + b"\x80" + bytes(10) + b"\1" + block(b"")[136:])), "an invalid number"),
        (blocks(block(b"web/\xff")), "not UTF-8"),
        (blocks(block(b"web/x", b"5", size=512), bytes(512)), "has content"),
    ],
)
def test_a_damaged_or_ambiguous_archive_is_refused(data: bytes, reason: str) -> None:
    assert reason in refused(data)


def extended(kind: bytes, body: bytes, *after: bytes) -> bytes:
    return blocks(block(b"h", kind, size=len(body)), padded(body), *after)


FILE = block(b"web/x", size=3) + padded(b"abc")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (extended(b"x", pax(path="../x"), FILE), "leaves its folder"),
        (extended(b"x", pax(path="web/a") + pax(path="web/b"), FILE), "with 'path'"),
        (extended(b"x", pax(path=b"web/\0x"), FILE), "not seen"),
        (extended(b"x", pax(size="1"), FILE), "two sizes"),
        (extended(b"x", pax(size="-3"), FILE), "two sizes"),
        (extended(b"x", pax(linkpath="/etc"), FILE), "with 'linkpath'"),
        (extended(b"x", pax(hdrcharset="BINARY"), FILE), "with 'hdrcharset'"),
        (extended(b"x", pax(GNU__sparse__major="1"), FILE), "with 'GNU.sparse.major'"),
        (extended(b"x", pax(mtime="1"), block(b"h", b"L", size=6), padded(b"web/y\0"), FILE), "two extended headers"),
        (extended(b"x", pax(mtime="1")), "without a member"),
        (extended(b"x", b"99 path=a\n", FILE), "a damaged extended header"),
        (extended(b"x", b"0 a=b\n", FILE), "a damaged extended header"),
        (extended(b"x", b"7 a=bcd", FILE), "a damaged extended header"),
        (extended(b"x", b"path=a\n", FILE), "a damaged extended header"),
        (extended(b"g", pax(path="web/y"), FILE), "a global extended header"),
        (extended(b"L", b"../y\0", FILE), "leaves its folder"),
        (extended(b"K", b"web/y\0", FILE), "a link with a long name"),
        (blocks(block(b"h", b"x", size=65 * 1024), bytes(65 * 1024), FILE), "an extended header has 66,560 bytes"),
    ],
)
def test_an_extended_header_that_plays_tricks_is_refused(data: bytes, reason: str) -> None:
    assert reason in refused(data)


def test_extended_headers_that_say_nothing_of_content_are_passed_over() -> None:
    owner = pax(uid="12")
    data = extended(b"g", pax(comment="a" * 40), block(b"h", b"x", size=len(owner)), padded(owner), FILE)
    assert read(data, chart="web")["x"].data == b"abc"


def test_a_file_as_large_as_helm_reads_passes_and_a_larger_one_does_not() -> None:
    assert len(read(tgz(("web/crd.yaml", bytes(5 * MIB))), chart="web")["crd.yaml"].data) == 5 * MIB
    assert (
        refused(tgz(("web/crd.yaml", bytes(5 * MIB + 1))))
        == "'web/crd.yaml' has 5,242,881 bytes, more than the 5,242,880 that are read"
    )


def peak(data: bytes) -> tuple[str, int]:
    tracemalloc.start()
    try:
        reason = refused(data)
        return reason, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bomb(header: bytes, size: int) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    parts = [packer.compress(block(b"web/Chart.yaml", size=len(CHART)) + padded(CHART) + header)]
    parts += [packer.compress(bytes(MIB)) for _ in range(size // MIB)]
    return b"".join([*parts, packer.flush()])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    reason, most = peak(bomb(block(b"web/x", size=150 * MIB), 150 * MIB))
    assert "has 157,286,400 bytes" in reason
    assert most < 2 * MIB


def test_a_bomb_behind_the_end_is_refused_in_little_memory() -> None:
    reason, most = peak(bomb(b"", 110 * MIB))
    assert "behind the end" in reason
    assert most < 2 * MIB


def test_many_files_that_are_too_much_together_are_refused() -> None:
    big = bytes(5 * MIB)
    data = tgz(*((f"web/{number}", big) for number in range(21)))
    assert refused(data) == "more than 100 MiB unpacked"


def test_a_hundred_thousand_members_are_refused_in_little_memory() -> None:
    one = block(b"web/x", b"5")
    reason, most = peak(gzip.compress(one * 100_000, compresslevel=1))
    assert reason == "more than 20,000 members"
    assert most < 2 * MIB


def test_a_hundred_thousand_folders_in_few_members_are_refused() -> None:
    names = (f"web/{number}/" + "x/" * 30 + "x" for number in range(3000))
    assert refused(tgz(*((name, b"") for name in names))) == "more than 20,000 files and folders"


def test_more_packed_bytes_than_are_read_are_refused() -> None:
    assert "more than the 67,108,864 that are read" in refused(bytes(64 * MIB + 1))


def test_packing_gives_the_same_bytes_in_any_order() -> None:
    one = pack({"Chart.yaml": CHART, "a/b": b"1"}, name="web")
    assert one == pack({"a/b": b"1", "Chart.yaml": CHART}, name="web")
    assert read(one, chart="web") == {"Chart.yaml": File(REGULAR, CHART), "a/b": File(REGULAR, b"1")}


part = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="/\\:").filter(
        lambda x: visible(x) == x
    ),
    min_size=1,
    max_size=60,
)
paths = st.lists(
    part.filter(lambda text: text.casefold().rstrip(" .") not in ("", ".git", "git~1")), min_size=1, max_size=5
)


@given(st.dictionaries(paths.map("/".join), st.binary(max_size=2000), max_size=8))
@settings(max_examples=100, deadline=None)
def test_whatever_is_packed_is_read_back(files: dict[str, bytes]) -> None:
    files = {f"{number}/{path}": data for number, (path, data) in enumerate(files.items())}
    files["Chart.yaml"] = CHART
    assert read(pack(files, name="web"), chart="web") == {path: File(REGULAR, files[path]) for path in sorted(files)}


@given(st.dictionaries(paths.map("/".join), st.binary(max_size=2000), max_size=8))
@settings(max_examples=100, deadline=None)
def test_packing_gives_what_tarfile_gives(files: dict[str, bytes]) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in sorted(files.items()):
            member = tarfile.TarInfo(f"web/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert gzip.decompress(pack(files, name="web")) == made.getvalue()


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_random_damage_gives_one_kind_of_failure_or_an_archive_that_is_whole(seed: int) -> None:
    chance = random.Random(seed)
    good = tar(("web/values.yaml", b"a: 1\n"), ("web/" + "y" * 120, b"1"), entry("web/t", tarfile.DIRTYPE))
    for packed in (good, gzip.compress(good, mtime=0)):
        damaged = bytearray(packed)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read(gzip.compress(bytes(damaged), 1) if packed is good else bytes(damaged), chart="web")
        except UnsafeArchive:
            continue


def test_helm_reads_the_same_files() -> None:
    import helm_python

    files = {"Chart.yaml": CHART, "templates/a.yaml": b"kind: A\n", "values.yaml": b"b: 1\n", "x" * 150: b"text"}
    with helm_python.Chart.load_archive(pack(files, name="web")) as chart:
        assert (chart.name, chart.values) == ("web", {"b": 1})
        assert [one["name"] for one in chart.templates] == ["templates/a.yaml"]
        assert [one["name"] for one in chart.files] == ["x" * 150]
