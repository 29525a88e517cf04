from dataclasses import replace

import pytest

from kubeaid_ci.charts.ledger.ledger import LedgerEntry
from kubeaid_ci.charts.verify.compare import Comparison, judge
from kubeaid_ci.charts.verify.verdict import FileAction, FileChange
from kubeaid_ci.net.errors import Failed, FailedKind
from tests.charts.ledger.test_update import OTHER, TREE, vendored
from tests.umbrellas import DAY, UPSTREAM, published

(ONE,) = vendored()
SHA, NEW = "a" * 64, "e" * 64
ENTRY = LedgerEntry("1.2.3", DAY, TREE, UPSTREAM, sha256=SHA, host="charts.example.com")
EDITED = Comparison((FileChange("values.yaml", FileAction.MODIFIED),))


def verdict(entry, got, compared=None):
    result, findings = judge(ONE, entry, got, compared)
    return result.status.value, [(one.rule.id.removeprefix("chart/"), one.severity.value) for one in findings]


def test_the_same_archive_with_the_same_files_is_silent():
    assert verdict(ENTRY, published(index_digest=SHA)) == ("identical", [])
    assert verdict(ENTRY, published(index_digest=f"sha256:{SHA}")) == ("identical", [])
    assert verdict(None, published()) == ("identical", [])


@pytest.mark.parametrize(
    ("entry", "fetched", "compared", "status", "said"),
    [
        # The same files in a new archive.
        (ENTRY, {"sha256": NEW, "index_digest": NEW}, None, "identical", [("repacked", "info")]),
        # Other files under the same version; ours is what was reviewed.
        (ENTRY, {"sha256": NEW, "index_digest": NEW}, EDITED, "different", [("upstream-republished", "error")]),
        # The index was not updated, but the archive is the one that we know.
        (ENTRY, {"index_digest": NEW}, None, "identical", [("index-digest-stale", "warning")]),
        # Exchanged at its host, the index untouched.
        (ENTRY, {"sha256": NEW, "index_digest": SHA}, EDITED, "different", [("digest-mismatch", "error"), ("upstream-republished", "error")]),
        # Our copy was edited, and the ledger with it.
        (ENTRY, {"index_digest": SHA}, EDITED, "different", [("file-modified", "error")]),
        # Our copy was edited, upstream is what the ledger says.
        (replace(ENTRY, tree=OTHER), {}, EDITED, "different", [("file-modified", "error")]),
        # Both: each is told.
        (replace(ENTRY, tree=OTHER), {"sha256": NEW}, EDITED, "different", [("upstream-republished", "error"), ("file-modified", "error")]),
        # Ours was edited, and the publisher only packed the same files anew.
        (replace(ENTRY, tree=published().tree_id), {"sha256": NEW}, EDITED, "different", [("repacked", "info"), ("file-modified", "error")]),
        # Never recorded: the difference counts, whoever made it.
        (None, {"index_digest": NEW}, EDITED, "different", [("digest-mismatch", "error"), ("file-modified", "error")]),
        (None, {"index_digest": NEW}, None, "identical", [("index-digest-stale", "warning")]),
        (ENTRY, {"yanked": True}, None, "identical", [("version-yanked", "warning")]),
        (ENTRY, {"deprecated": True}, None, "identical", [("deprecated", "warning")]),
        (ENTRY, {"host": "cdn.example.net"}, None, "identical", [("repository-changed", "warning")]),
        (ENTRY, {"host": "cdn.example.net"}, EDITED, "different", [("repository-changed", "error"), ("file-modified", "error")]),
        (ENTRY, {}, Comparison(patch_failure="patches/x.patch does not apply"), "different", [("patch-does-not-apply", "error")]),
    ],
)  # fmt: skip
def test_each_way_to_differ_has_its_verdict(entry, fetched, compared, status, said):
    assert verdict(entry, published(**fetched), compared) == (status, said)


def test_an_exchanged_archive_is_told_with_the_files_in_it():
    changes = tuple(FileChange(f"{number}.yaml", FileAction.MODIFIED) for number in range(5))
    _, (finding,) = judge(ONE, ENTRY, published(sha256=NEW), Comparison(changes))
    assert finding.message == (
        "the archive of web/web 1.2.3 was SHA-256 aaaaaaaaaaaaaaaa… when it was recorded and is eeeeeeeeeeeeeeee… now; "
        "5 of its files are not as ours: 0.yaml, 1.yaml, 2.yaml and 2 more"
    )


def test_each_file_that_differs_is_a_finding_at_its_path():
    changes = tuple(FileChange(f"{change.value}.yaml", change) for change in FileAction)
    _, findings = judge(ONE, ENTRY, published(), Comparison(changes))
    assert [(one.rule.id, one.path.rpartition("/charts/web/")[2]) for one in findings] == [
        ("chart/file-modified", "modified.yaml"),
        ("chart/file-added", "added.yaml"),
        ("chart/file-missing", "missing.yaml"),
    ]
    assert findings[0].message == "modified.yaml differs from the published web 1.2.3"


def test_a_published_file_that_git_ignores_is_told_as_such():
    change = FileChange("defaults/x.yaml", FileAction.MISSING)
    _, findings = judge(ONE, ENTRY, published(), Comparison((change,), ignored=frozenset([change.path])))
    assert [one.rule.id for one in findings] == ["chart/dropped-by-gitignore"]


@pytest.mark.parametrize(
    ("kind", "entry", "said"),
    [
        (FailedKind.UNREACHABLE, ENTRY, ["unverifiable"]),
        (FailedKind.GONE, ENTRY, ["unverifiable"]),
        (FailedKind.REFUSED, ENTRY, ["unverifiable"]),
        (FailedKind.INVALID, ENTRY, ["unverifiable"]),
        (FailedKind.NO_SUCH_CHART, ENTRY, ["unverifiable"]),
        (FailedKind.NO_SUCH_VERSION, ENTRY, ["version-yanked"]),
        (FailedKind.NO_SUCH_VERSION, replace(ENTRY, sha256=None), ["version-unpublished"]),
        (FailedKind.NO_SUCH_VERSION, replace(ENTRY, version="1.2.2"), ["version-unpublished"]),
        (FailedKind.NO_SUCH_VERSION, None, ["version-unpublished", "unverifiable"]),
        (FailedKind.NO_SUCH_VERSION, replace(ENTRY, tree=OTHER), ["version-yanked", "unverifiable"]),
        (FailedKind.UNSAFE_ARCHIVE, ENTRY, ["unsafe-archive"]),
        (FailedKind.DIGEST_MISMATCH, ENTRY, ["digest-mismatch"]),
    ],
)
def test_what_could_not_be_asked_is_never_clean(kind, entry, said):
    status, findings = verdict(entry, Failed(kind, "why"))
    assert (status, [rule for rule, _ in findings]) == ("unverifiable", said)
