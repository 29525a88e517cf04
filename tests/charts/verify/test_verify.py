import os
import re
import shutil
import subprocess

import pytest

from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.git.tree import below, tree_id
from kubeaid_ci.net.errors import Failed, FailedKind
from tests import repos, umbrellas
from tests.umbrellas import FILES, UPSTREAM, metadata, published, said, vendored, verify


@pytest.fixture
def root(tmp_path):
    """A KubeAid repo whose one vendored chart is in the ledger, all committed."""
    return umbrellas.recorded(umbrellas.web(tmp_path))


def edit(name, old, new):
    def change(folder):
        path = folder / name
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, 1))

    return change


def put(name, text):
    return lambda folder: repos.write(folder, {name: text})


def linked(folder):
    (folder / "values.yaml").unlink()
    (folder / "values.yaml").symlink_to("Chart.yaml")


def swapped(folder):
    (folder / "charts/inner").rename(folder / "charts/other")
    repos.write(
        folder / "charts/inner", {"Chart.yaml": metadata("inner", "0.1.0"), "templates/evil.yaml": "kind: Pod\n"}
    )


def submodule(folder):
    repos.write(folder / "templates/more", {"x.yaml": "kind: Pod\n"})
    repos.commit(folder / "templates/more")


def folder_for_a_file(folder):
    (folder / "values.yaml").unlink()
    put("values.yaml/values.yaml", "x")(folder)


def file_for_a_folder(folder):
    shutil.rmtree(folder / "templates")
    put("templates", "x")(folder)


def odd_name(folder):
    repos.write(folder, {os.fsdecode(b"templates/\xff\n\"'.yaml"): "kind: Pod\n"})


TAMPERED = {
    "one byte in a template": (edit("templates/deployment.yaml", b"replicas", b"replikas"), "file-modified web/charts/web/templates/deployment.yaml"),
    "one byte in the values": (edit("values.yaml", b"1", b"2"), "file-modified web/charts/web/values.yaml"),
    "one byte in a CRD": (edit("crds/web.yaml", b"Custom", b"custom"), "file-modified web/charts/web/crds/web.yaml"),
    "one byte in a helper": (edit("templates/_helpers.tpl", b"-}}web", b"-}}wed"), "file-modified web/charts/web/templates/_helpers.tpl"),
    "one byte in a binary": (edit("icon.png", b"PNG", b"PNg"), "file-modified web/charts/web/icon.png"),
    "a nested chart": (edit("charts/inner/templates/job.yaml", b"Job", b"Pod"), "file-modified web/charts/web/charts/inner/templates/job.yaml"),
    "an added hook": (put("templates/hook.yaml", "annotations: {helm.sh/hook: pre-install}\n"), "file-added web/charts/web/templates/hook.yaml"),
    "a look-alike letter": (edit("values.yaml", b"replicas", "repl\u0456cas".encode()), "file-modified web/charts/web/values.yaml"),
    "blanks in a block": (edit("values.yaml", b"    run", b"  run"), "file-modified web/charts/web/values.yaml"),
    "a blank at the end of a line": (edit("values.yaml", b"true\n", b"true \n"), "file-modified web/charts/web/values.yaml"),
    "other line ends": (edit("values.yaml", b"1\n", b"1\r\n"), "file-modified web/charts/web/values.yaml"),
    "a key given twice": (edit("values.yaml", b"replicas: 1\n", b"replicas: 1\nreplicas: 9\n"), "file-modified web/charts/web/values.yaml"),
    "a hidden file": (put("templates/.hidden.yaml", "kind: Pod\n"), "file-added web/charts/web/templates/.hidden.yaml"),
    "a byte order mark": (edit("Chart.yaml", b"apiVersion", b"\xef\xbb\xbfapiVersion"), "file-modified web/charts/web/Chart.yaml"),
    "an execute bit": (lambda folder: (folder / "values.yaml").chmod(0o755), "file-modified web/charts/web/values.yaml"),
    "a link for a file": (linked, "file-modified web/charts/web/values.yaml"),
    "a removed file": (lambda folder: (folder / "crds/web.yaml").unlink(), "file-missing web/charts/web/crds/web.yaml"),
    "a swapped subchart": (swapped, "file-added web/charts/web/charts/inner/templates/evil.yaml"),
    "another appVersion": (edit("Chart.yaml", b"v9", b"v8"), "file-modified web/charts/web/Chart.yaml"),
    "a tab": (edit("values.yaml", b"    run", b"\trun"), "file-modified web/charts/web/values.yaml"),
    "a byte of nothing": (edit("values.yaml", b"true", b"tr\0ue"), "file-modified web/charts/web/values.yaml"),
    "no line break at the end": (edit("values.yaml", b"run\n", b"run"), "file-modified web/charts/web/values.yaml"),
    "what Helm ignores": (put("charts/_more/Chart.yaml", "name: more\n"), "file-added web/charts/web/charts/_more/Chart.yaml"),
    "an ignore file of Helm's": (put(".helmignore", "templates\n"), "file-added web/charts/web/.helmignore"),
    "a file named in other letters": (lambda folder: (folder / "values.yaml").rename(folder / "Values.yaml"), "file-added web/charts/web/Values.yaml"),
    "another repository": (submodule, "file-added web/charts/web/templates/more"),
    "a folder for a file": (folder_for_a_file, "file-added web/charts/web/values.yaml/values.yaml"),
    "a file for a folder": (file_for_a_folder, "file-added web/charts/web/templates"),
    "a name that is no text": (odd_name, "file-added web/charts/web/templates/\udcff\n\"'.yaml"),
    "a file that is no YAML": (put("templates/\u202ename.yaml", "{{"), "file-added web/charts/web/templates/\u202ename.yaml"),
}  # fmt: skip


def test_an_untouched_chart_is_silent(root):
    for found in (
        verify(root),
        verify(root, ref="HEAD"),
        verify(root, base="HEAD"),
        verify(root, fetch=lambda *_: published()),
    ):
        assert said(found) == []
        assert [result.status for result in found.results] == ["identical"]


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_found_in_the_work_tree_in_a_commit_and_against_upstream(root, change):
    tamper, expected = change
    tamper(vendored(root))
    for commit in (False, True):
        if commit:
            repos.commit(root, "innocent change")
        for options in ({}, {"fetch": lambda *_: published()}, *([{"ref": "HEAD"}] if commit else [])):
            found = verify(root, **options)
            assert f"chart/{expected}" in said(found)
            assert [result.status for result in found.results] == ["different"]
            assert all(change.diff for change in found.results[0].files)


def moved(source, target):
    """The vendored chart lies elsewhere, with one more template."""

    def change(root):
        put("templates/evil.yaml", "kind: Pod\n")(vendored(root))
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        (root / source).rename(root / target)

    return change


def linked_chart(root, there="argocd-helm-charts/shared"):
    moved("argocd-helm-charts/web/charts/web", there)(root)
    vendored(root).symlink_to(f"../../../{there}")


def linked_and_declared_as_ours(root):
    linked_chart(root)
    edit("Chart.yaml", UPSTREAM.encode(), b"file://../shared")(root / "argocd-helm-charts/web")


def linked_and_undeclared(root):
    linked_chart(root)
    umbrellas.umbrella(root, "web", {"Chart.yaml": metadata("web", "0.1.0")})


def umbrella_linked(root):
    umbrellas.umbrella(root, "app", {"Chart.yaml": metadata("app", "0.1.0")})
    moved("argocd-helm-charts/web", "docs/web")(root)
    (root / "argocd-helm-charts/web").symlink_to("../docs/web")


def umbrella_in_another_repository(root):
    umbrellas.umbrella(root, "app", {"Chart.yaml": metadata("app", "0.1.0")})
    repos.git(root, "rm", "-r", "-q", "--cached", "argocd-helm-charts/web")
    repos.commit(root / "argocd-helm-charts/web")


def packed(root):
    put("templates/evil.yaml", "kind: Pod\n")(vendored(root))
    archive = vendored(root).parent / "web-1.2.3.tgz"
    subprocess.run(["tar", "-czf", archive, "-C", archive.parent, "web"], check=True)
    subprocess.run(["rm", "-r", vendored(root)], check=True)


HIDDEN = {
    "under another folder name": moved("argocd-helm-charts/web/charts/web", "argocd-helm-charts/web/charts/web2"),
    "under another umbrella": moved("argocd-helm-charts/web", "argocd-helm-charts/web2"),
    "behind a link": linked_chart,
    "behind a link that is declared as ours": linked_and_declared_as_ours,
    "behind a link that nobody declares": linked_and_undeclared,
    "behind a link out of the charts": lambda root: linked_chart(root, "docs/web"),
    "in an archive": packed,
    "behind a link to the umbrella": umbrella_linked,
    "in a submodule": umbrella_in_another_repository,
}


@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN)
def test_a_chart_that_moved_out_of_sight_of_the_ledger_is_an_error(root, hide):
    hide(root)
    for commit in (False, True):
        if commit:
            repos.commit(root, "tidy up")
        assert "error" in {one.severity for one in verify(root).findings}
        assert "error" in {one.severity for one in verify(root, base="HEAD").findings}


def test_the_commits_that_changed_it_are_named(root):
    put("templates/x.yaml", "kind: Pod\n")(vendored(root))
    commit = repos.commit(root, "fix typo")
    (finding,) = verify(root).findings
    assert finding.message == f"templates/x.yaml is not in what the ledger records; changed by {commit[:10]} (fix typo)"


def test_the_commits_are_named_where_upstream_is_asked_too(root):
    put("templates/x.yaml", "kind: Pod\n")(vendored(root))
    commit = repos.commit(root, "fix typo")
    (finding,) = verify(root, fetch=lambda *_: published()).findings
    assert finding.message == f"templates/x.yaml is not in the published web 1.2.3; changed by {commit[:10]} (fix typo)"


def test_the_last_commit_is_named_where_no_ledger_knew_it_otherwise(tmp_path, tmp_path_factory):
    root = umbrellas.web(tmp_path)
    commit = repos.commit(root, "vendor web")
    newer = published({**FILES, "values.yaml": "x: 1\n"})
    (finding,) = [one for one in verify(root, fetch=lambda *_: newer).findings if one.rule.id == "chart/file-modified"]
    assert finding.message.endswith(f"; our copy was last changed by {commit[:10]} (vendor web)")
    put("icon.png", "x")(vendored(root))
    (finding, _) = [
        one for one in verify(root, fetch=lambda *_: newer).findings if one.rule.id == "chart/file-modified"
    ]
    assert finding.message.endswith("; our copy was changed in the work tree")
    repos.git(root, "checkout", "-q", ".")
    repos.write(root, {"other": "x"})
    repos.commit(root)
    shallow = tmp_path_factory.mktemp("shallow") / "r"
    repos.git(root, "clone", "-q", "--depth=1", f"file://{root}", str(shallow))
    (finding,) = [
        one for one in verify(shallow, fetch=lambda *_: newer).findings if one.rule.id == "chart/file-modified"
    ]
    assert finding.message == "values.yaml differs from the published web 1.2.3"


def test_a_clone_without_history_says_how_to_see_the_files(root, tmp_path_factory):
    put("templates/x.yaml", "kind: Pod\n")(vendored(root))
    repos.commit(root)
    shallow = tmp_path_factory.mktemp("shallow") / "r"
    repos.git(root, "clone", "-q", "--depth=1", f"file://{root}", str(shallow))
    (finding,) = verify(shallow).findings
    assert finding.rule.id == "chart/file-modified"
    assert "fetch the whole history" in finding.message


def test_without_git_the_ledger_holds_all_the_same(root, tmp_path_factory):
    plain = tmp_path_factory.mktemp("plain") / "r"
    subprocess.run(["cp", "-a", root, plain], check=True)
    subprocess.run(["rm", "-rf", plain / ".git"], check=True)
    assert said(verify(plain)) == []
    put("values.yaml", "x")(vendored(plain))
    assert said(verify(plain)) == ["chart/file-modified web/charts/web"]


ATTRIBUTES = {
    "line ends": ("* eol=crlf\n", "eol=crlf"),
    "line ends of text": ("* text=auto eol=crlf\n", "eol=crlf"),
    "an encoding": ("*.yaml working-tree-encoding=UTF-7\n", "working-tree-encoding=UTF-7"),
    "a keyword": ("* ident\n", "ident"),
    "a filter": ("* filter=lfs\n", "filter=lfs"),
}


@pytest.mark.parametrize(("text", "attribute"), ATTRIBUTES.values(), ids=ATTRIBUTES)
@pytest.mark.parametrize("folder", ["", "argocd-helm-charts/", "argocd-helm-charts/web/charts/"])
def test_an_attribute_that_changes_a_checkout_is_an_error(root, folder, text, attribute):
    repos.write(root, {f"{folder}.gitattributes": text})
    (finding,) = verify(root).findings
    assert (finding.rule.id, finding.severity) == ("chart/changed-by-gitattributes", "error")
    assert (finding.subject, attribute in finding.message) == ("web/web", True)
    before = verify(root, ref="HEAD")
    repos.git(root, "add", f"{folder}.gitattributes")
    repos.git(root, "commit", "-q", "-m", "attributes")
    assert (said(before), said(verify(root, ref="HEAD"))) == ([], said(verify(root)))


@pytest.mark.parametrize("text", ["* text=auto\n", "* -text eol=crlf\n", "docs/** eol=crlf\n", "*.yaml diff=yaml\n"])
def test_an_attribute_that_leaves_vendored_charts_as_they_are_is_silent(root, text):
    repos.write(root, {".gitattributes": text})
    assert said(verify(root)) == []


@pytest.mark.parametrize("name", ["values.yaml", "templates/pipe"])
def test_a_pipe_is_a_difference_of_its_chart_and_stops_nothing(root, tmp_path_factory, name):
    plain = tmp_path_factory.mktemp("plain") / "r"
    subprocess.run(["cp", "-a", root, plain], check=True)
    subprocess.run(["rm", "-rf", plain / ".git"], check=True)
    (vendored(plain) / name).unlink(missing_ok=True)
    os.mkfifo(vendored(plain) / name)
    found = verify(plain, fetch=lambda *_: published())
    assert [result.status for result in found.results] == ["different"]
    (change,) = found.results[0].files
    assert change.path == name
    assert change.diff.startswith("\\ is a pipe, a socket or a device, which Git cannot hold")


def test_a_ledger_edited_with_the_chart_is_called_out_and_upstream_tells(root):
    put("templates/x.yaml", "kind: Pod\n")(vendored(root))
    repos.commit(root, "edit")
    tree = repos.git(root, "rev-parse", "HEAD:argocd-helm-charts/web/charts/web")
    before = repos.git(root, "rev-parse", "HEAD~:argocd-helm-charts/web/charts/web")
    (root / LEDGER).write_text((root / LEDGER).read_text().replace(before, tree))
    repos.commit(root, "and hide it")
    assert said(verify(root)) == []
    (finding,) = verify(root, base="HEAD~2").findings
    assert (finding.rule.id, finding.severity) == ("chart/ledger-changed", "error")
    assert said(verify(root, fetch=lambda *_: published())) == ["chart/file-added web/charts/web/templates/x.yaml"]


def test_a_ledger_removed_along_with_an_edit_is_an_error_against_the_base(root):
    put("templates/x.yaml", "kind: Pod\n")(vendored(root))
    (root / LEDGER).unlink()
    found = verify(root, base="HEAD").findings
    assert ("chart/ledger-changed", "error") in {(one.rule.id, one.severity) for one in found}


def test_a_chart_renamed_in_the_ledger_along_with_an_edit_is_an_error_against_the_base(root):
    moved("argocd-helm-charts/web", "argocd-helm-charts/web2")(root)
    verify(root, update_ledger=True)
    assert said(verify(root)) == []
    found = verify(root, base="HEAD").findings
    assert ("chart/ledger-changed", "error") in {(one.rule.id, one.severity) for one in found}


SETTINGS = """\
fail-on: never
upstreams:
  mirrors:
    https://charts.example.com: https://mirror.evil.example.com
  allow: [mirror.evil.example.com]
suppress:
- rule: chart/repository-changed
  subject: "**"
  reason: tidy
"""


def test_settings_that_change_what_is_asked_or_said_are_called_out_against_the_base(root):
    repos.write(root, {".kubeaid-ci.yaml": SETTINGS})
    assert said(verify(root)) == []
    found = [
        (one.rule.id.removeprefix("chart/"), one.severity.value, one.subject)
        for one in verify(root, base="HEAD").findings
    ]
    assert found == [
        ("repository-changed", "error", "upstreams"),
        ("repository-changed", "error", "upstreams"),
        ("suppression-changed", "warning", "chart/repository-changed"),
        ("suppression-changed", "error", "fail-on"),
    ]
    repos.commit(root)
    assert said(verify(root, base="HEAD")) == []


def test_settings_of_the_base_that_cannot_be_read_make_all_of_them_new(root):
    repos.write(root, {".kubeaid-ci.yaml": "["})
    repos.commit(root)
    repos.write(root, {".kubeaid-ci.yaml": SETTINGS})
    assert len(verify(root, base="HEAD").findings) == 4
    (root / ".kubeaid-ci.yaml").rename(root / "other.yaml")
    (root / ".kubeaid-ci.yaml").symlink_to("other.yaml")
    with pytest.raises(UserError, match="the settings must be a file"):
        verify(root, base="HEAD")


def test_another_version_on_the_outside_lets_no_content_pass(root):
    edit("Chart.yaml", b"1.2.3", b"1.2.4")(vendored(root))
    edit("Chart.yaml", b"1.2.3", b"1.2.4")(root / "argocd-helm-charts/web")
    (finding,) = verify(root).findings
    assert (finding.rule.id, finding.severity) == ("chart/not-in-ledger", "error")


def test_the_ledger_takes_what_is_new_and_never_replaces(root):
    put("values.yaml", "x")(vendored(root))
    before = (root / LEDGER).read_bytes()
    assert said(verify(root, update_ledger=True)) == ["chart/file-modified web/charts/web/values.yaml"]
    assert (root / LEDGER).read_bytes() == before
    umbrellas.umbrella(
        root,
        "app",
        {
            "Chart.yaml": metadata("app", "0.1.0", f"db 1.0.0 {UPSTREAM}"),
            "charts/db/Chart.yaml": metadata("db", "1.0.0"),
        },
    )
    assert verify(root, update_ledger=True).ledger == ("added app/db 1.0.0",)
    assert (root / LEDGER).read_bytes() != before


@pytest.mark.parametrize("text", [None, "[", "name: web\n"], ids=["missing", "no YAML", "no version"])
def test_a_chart_without_readable_metadata_leaves_a_ledger_that_can_be_read(tmp_path, text):
    root = umbrellas.web(tmp_path)
    path = vendored(root) / "Chart.yaml"
    path.unlink() if text is None else path.write_text(text)
    verify(root, update_ledger=True)
    assert "error" in {one.severity for one in verify(root).findings}
    assert "web/web" not in (root / LEDGER).read_text()


def test_a_recorded_chart_that_loses_its_metadata_is_an_error(root):
    (vendored(root) / "Chart.yaml").unlink()
    found = verify(root, update_ledger=True)
    assert "chart/not-in-ledger web/charts/web" in said(found)
    assert "chart/subchart-missing web/Chart.yaml" in said(found)
    assert said(verify(root)) == said(found)


def test_accepted_content_is_silent_and_its_reason_is_in_the_ledger(root):
    put("values.yaml", "x")(vendored(root))
    found = verify(root, accept=["web/web"], reason="smaller by default")
    assert (said(found), found.ledger) == ([], ("accepted web/web 1.2.3: smaller by default",))
    assert "reason: smaller by default" in (root / LEDGER).read_text()
    repos.commit(root)
    (finding,) = verify(root, base="HEAD~").findings
    assert (finding.rule.id, finding.severity) == ("chart/ledger-changed", "warning")
    assert "smaller by default" in finding.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accept": ["web"]}, "give one with --reason"),
        ({"accept": ["wob"], "reason": "x"}, "wob: the ledger has no such chart"),
        ({"charts": ["wob"]}, "wob: no such chart; did you mean web?"),
        ({"ref": "nowhere"}, "no revision nowhere"),
        ({"base": "nowhere"}, "no revision nowhere"),
        ({"ref": "HEAD", "update_ledger": True}, "the ledger of a revision cannot be written"),
    ],
)
def test_what_cannot_be_done_is_refused(root, options, message):
    before = (root / LEDGER).read_bytes()
    with pytest.raises(UserError, match=message):
        verify(root, **options)
    assert (root / LEDGER).read_bytes() == before


def test_a_folder_without_charts_is_no_kubeaid_repo(tmp_path):
    with pytest.raises(UserError, match="name a KubeAid repo"):
        verify(tmp_path)


@pytest.mark.parametrize("repository", ["'@mine'", "alias:mine", "s3://bucket/charts", "charts.example.com"])
def test_a_repository_that_nobody_else_can_ask_is_unverifiable_and_no_chart_of_our_own(tmp_path, repository):
    root = umbrellas.web(tmp_path, upstream=repository)
    assert [result.status for result in verify(root).results] == ["unverifiable"]
    umbrellas.recorded(root)
    (finding,) = verify(root, fetch=lambda *_: pytest.fail("asked")).findings
    assert (finding.rule.id, finding.severity) == ("chart/unverifiable", "warning")
    assert "write an https:// or oci:// address" in finding.message
    put("values.yaml", "x")(vendored(root))
    assert "chart/file-modified web/charts/web/values.yaml" in said(verify(root))


def test_a_folder_whose_name_is_no_text_is_an_error_and_stops_no_ledger(root):
    umbrellas.umbrella(
        root,
        "app",
        {
            os.fsdecode(b"charts/\xff/Chart.yaml"): metadata("x", "1.0.0"),
            "Chart.yaml": metadata("app", "0.1.0", f"x 1.0.0 {UPSTREAM}"),
        },
    )
    (vendored(root) / "values.yaml").unlink()
    before = (root / LEDGER).read_bytes()
    for options in ({}, {"update_ledger": True}):
        found = {(one.rule.id, one.severity.value) for one in verify(root, **options).findings}
        assert found == {("chart/not-in-ledger", "error"), ("chart/file-missing", "error")}
    assert (root / LEDGER).read_bytes() == before


def test_without_a_ledger_nothing_is_identical(tmp_path):
    found = verify(umbrellas.web(tmp_path))
    assert said(found) == [f"chart/not-in-ledger {LEDGER}"]
    assert [result.status for result in found.results] == ["unverifiable"]


def test_a_ledger_that_is_a_link_is_refused(root):
    (root / LEDGER).rename(root / "l")
    (root / LEDGER).symlink_to("l")
    with pytest.raises(UserError, match="the ledger must be a file"):
        verify(root)


def test_only_the_charts_named_are_looked_at(root):
    umbrellas.umbrella(root, "bad", {"Chart.yaml": "["})
    umbrellas.umbrella(root, "app", {"Chart.yaml": metadata("app", "0.1.0", f"db 1.0.0 {UPSTREAM}")})
    assert said(verify(root, charts=["web"])) == []
    assert said(verify(root, charts=["argocd-helm-charts/app/"])) == ["chart/subchart-missing app/Chart.yaml"]
    assert said(verify(root)) == ["chart/invalid bad/Chart.yaml", "chart/subchart-missing app/Chart.yaml"]


def patched(root, text, **changes):
    """Declare a patch in the ledger, as a person would, and accept what the chart holds."""
    repos.write(root, {"patches/web/change.patch": text})
    ledger = (
        (root / LEDGER).read_text().replace("    origin:", "    patches:\n    - patches/web/change.patch\n    origin:")
    )
    (root / LEDGER).write_text(ledger)
    verify(root, accept=["web/web"], reason="a patch")


def test_declared_patches_on_what_is_published_must_give_ours(root):
    edit("values.yaml", b"replicas: 1", b"replicas: 3")(vendored(root))
    diff = subprocess.run(["git", "diff", "--relative"], cwd=vendored(root), capture_output=True, text=True, check=True)
    patched(root, diff.stdout)
    assert said(verify(root, fetch=lambda *_: published())) == []
    put("templates/under-cover.yaml", "kind: Pod\n")(vendored(root))
    assert "chart/file-added web/charts/web/templates/under-cover.yaml" in said(
        verify(root, fetch=lambda *_: published())
    )
    newer = published({**FILES, "values.yaml": "replicas: 2\n"})
    assert "chart/patch-does-not-apply web/Chart.yaml" in said(verify(root, fetch=lambda *_: newer))


def test_a_file_named_in_letters_that_look_like_others_is_told_by_their_numbers(root):
    put("templates/d\u0435ployment.yaml", "kind: Pod\n")(vendored(root))
    (finding,) = verify(root).findings
    assert finding.path.endswith("templates/d\u0435ployment.yaml")
    assert finding.message.startswith("templates/d\\u0435ployment.yaml is not in what the ledger records")


def test_a_declared_patch_that_is_not_there_is_an_error(root):
    patched(root, "x")
    (root / "patches/web/change.patch").unlink()
    found = verify(root, fetch=lambda *_: published())
    assert said(found) == ["chart/patch-does-not-apply web/Chart.yaml"]


def test_what_upstream_says_is_recorded_only_for_what_it_publishes(root):
    verify(root, update_ledger=True, fetch=lambda *_: published({**FILES, "values.yaml": "x"}))
    assert "sha256" not in (root / LEDGER).read_text()
    found = verify(root, update_ledger=True, fetch=lambda *_: published())
    assert found.ledger == ("recorded what charts.example.com publishes as web/web 1.2.3",)
    assert f"sha256: {'a' * 64}" in (root / LEDGER).read_text()
    repacked = verify(root, update_ledger=True, fetch=lambda *_: published(sha256="b" * 64))
    assert said(repacked) == ["chart/repacked web/Chart.yaml"]
    assert "b" * 64 not in (root / LEDGER).read_text()


def test_what_could_not_be_asked_is_told_and_may_be_tried_again(root):
    found = verify(root, fetch=lambda *_: Failed(FailedKind.UNREACHABLE, "charts.example.com does not answer"))
    assert said(found) == ["chart/unverifiable web/Chart.yaml"]
    assert found.may_pass
    assert [result.status for result in found.results] == ["unverifiable"]
    assert not verify(root, fetch=lambda *_: Failed(FailedKind.GONE, "404")).may_pass


def test_an_edit_is_told_even_when_upstream_does_not_answer(root):
    put("values.yaml", "x")(vendored(root))
    found = verify(root, fetch=lambda *_: Failed(FailedKind.UNREACHABLE, "no answer"))
    assert said(found) == ["chart/file-modified web/charts/web/values.yaml", "chart/unverifiable web/Chart.yaml"]
    assert [result.status for result in found.results] == ["different"]


def test_nobody_is_asked_about_charts_of_our_own(tmp_path):
    own = {
        "Chart.yaml": metadata("app", "0.1.0", "db 1.0.0 file://../db"),
        "charts/db/Chart.yaml": metadata("db", "1.0.0"),
    }
    root = umbrellas.recorded(umbrellas.umbrella(tmp_path, "app", own))
    asked = []
    found = verify(root, fetch=asked.append)
    assert (asked, said(found), [result.status for result in found.results]) == ([], [], ["local"])


def test_a_published_file_that_an_ignore_file_drops_is_told_as_such(root):
    repos.write(root, {".gitignore": "*.tgz\ndefaults\n"})
    more = published({**FILES, "defaults/a.yaml": "x"})
    assert said(verify(root, fetch=lambda *_: more)) == ["chart/dropped-by-gitignore web/charts/web/defaults/a.yaml"]


def test_a_reviewed_file_that_an_ignore_file_drops_is_told_as_such(tmp_path):
    root = umbrellas.recorded(umbrellas.web(tmp_path, FILES | {"defaults/a.yaml": "x"}))
    repos.write(root, {".gitignore": "defaults\n"})
    (vendored(root) / "defaults/a.yaml").unlink()
    repos.commit(root)
    (finding,) = verify(root).findings
    assert finding.rule.id == "chart/dropped-by-gitignore"
    assert "an ignore file keeps it out of Git; changed by" in finding.message


def test_nothing_is_left_in_the_home_folder(root, home):
    verify(root)
    assert os.listdir(home) == []
    verify(root, cache=True)
    assert os.listdir(home) == [".cache"]


def severities(found, *rules):
    return sorted({(one.rule.id, str(one.severity)) for one in found.findings if one.rule.id in rules})


@pytest.mark.parametrize(
    ("version", "edited", "expected"),
    [
        ("1.2.4", True, [("chart/ledger-changed", "info"), ("chart/not-compared", "warning")]),
        ("1.2.4", False, [("chart/ledger-changed", "info"), ("chart/not-compared", "warning")]),
        ("v1.2.3", True, [("chart/ledger-changed", "error"), ("chart/not-compared", "warning")]),
        ("1.2.3", True, [("chart/ledger-changed", "error")]),
    ],
)
def test_a_new_version_on_a_change_is_never_clean_without_its_upstream(tmp_path, version, edited, expected):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    metadata = FILES["Chart.yaml"].replace("1.2.3", version)
    repos.write(umbrellas.vendored(root), {"Chart.yaml": metadata} | ({"values.yaml": "evil: 1\n"} if edited else {}))
    top = root / "argocd-helm-charts/web/Chart.yaml"
    top.write_text(top.read_text().replace("1.2.3", version))
    ledger = root / "charts.ledger.yaml"
    if version == "1.2.3":
        tree = open_snapshot(root, WORK_TREE, ["argocd-helm-charts"])
        now = tree_id(below(tree.files, "argocd-helm-charts/web/charts/web"))
        ledger.write_text(re.sub(r"tree: \w+", f"tree: {now}", ledger.read_text()))
    else:
        verify(root, update_ledger=True)
    repos.commit(root, "move")
    found = verify(root, base="HEAD~1")
    assert severities(found, "chart/ledger-changed", "chart/not-compared") == expected


def test_a_version_that_nobody_published_is_an_error(tmp_path):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    gone = Failed(FailedKind.NO_SUCH_VERSION, "https://charts.example.com: the index has no web '1.2.3'")
    found = verify(root, fetch=lambda _: gone)
    assert severities(found, "chart/version-unpublished", "chart/version-yanked") == [
        ("chart/version-unpublished", "error")
    ]


def test_a_new_version_that_upstream_publishes_is_compared(tmp_path):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    repos.write(umbrellas.vendored(root), {"Chart.yaml": FILES["Chart.yaml"].replace("1.2.3", "1.2.4")})
    verify(root, update_ledger=True)
    repos.commit(root, "move")
    files = FILES | {"Chart.yaml": FILES["Chart.yaml"].replace("1.2.3", "1.2.4")}
    found = verify(root, base="HEAD~1", fetch=lambda _: published(files))
    assert severities(found, "chart/not-compared") == []


@pytest.mark.parametrize("fetch", [None, lambda _: published()])
def test_a_folder_that_became_a_link_is_one_finding(tmp_path, fetch):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    folder = umbrellas.vendored(root)
    folder.rename(root / "argocd-helm-charts/elsewhere")
    folder.symlink_to("../../elsewhere")
    found = verify(root, charts=["web"], fetch=fetch)
    about = [one for one in found.findings if one.rule.id.startswith("chart/file-")]
    assert [(one.rule.id, one.message) for one in about] == [
        (
            "chart/file-modified",
            "web/web is a link to ../../elsewhere, not the folder that is published or recorded",
        )
    ]
    assert [str(one.status) for one in found.results] == ["different"]


def test_ledger_that_was_only_begun_is_one_finding(tmp_path):
    for number in range(12):
        files = {
            "Chart.yaml": umbrellas.metadata(f"app{number}", "0.1.0", f"web 1.2.3 {umbrellas.UPSTREAM}"),
            "charts/web/Chart.yaml": umbrellas.metadata("web", "1.2.3"),
        }
        root = umbrellas.umbrella(tmp_path, f"app{number}", files)
    verify(root, charts=["app0"], update_ledger=True)
    (finding,) = [one for one in verify(root).findings if one.rule.id == "chart/not-in-ledger"]
    assert finding.path == "charts.ledger.yaml"
    assert finding.message.startswith(
        "11 of 12 vendored charts are not in charts.ledger.yaml; add them with kubeaid-ci"
    )


HOMES = [
    ("home: https://example.org/web\n", True),
    ("sources: [https://example.org/web]\n", True),
    ("maintainers: [{name: A, url: https://example.org/a}]\n", True),
    ("icon: https://example.org/web.png\n", True),
    ("maintainers: [{name: A}]\nhome: none\n", False),
    ("", False),
]


@pytest.mark.parametrize(("more", "is_reported"), HOMES)
def test_own_chart_that_names_another_project_is_reported_until_it_is_accepted(tmp_path, more, is_reported):
    files = {
        "Chart.yaml": umbrellas.metadata("web", "0.1.0"),
        "charts/web/Chart.yaml": umbrellas.metadata("web", "1.0.0", more=more),
    }
    root = umbrellas.umbrella(tmp_path, "web", files)
    recorded = verify(root, update_ledger=True)
    assert recorded.ledger == ("added web/web 1.0.0 as own: nothing declares where it comes from",)
    own = [one for one in recorded.findings if one.rule.id == "chart/own-unclear"]
    assert [one.subject for one in own] == ["web/web"] * is_reported
    accepted = verify(root, accept=["web/web"], reason="ours since 2024")
    assert [one for one in accepted.findings if one.rule.id == "chart/own-unclear"] == []


LOCKED = {
    "removed": (lambda folder: (folder / "Chart.lock").unlink(), ["chart/lock-missing web/Chart.lock"]),
    "renamed": (lambda folder: (folder / "Chart.lock").rename(folder / "Chart.lck"), ["chart/lock-missing web/Chart.lock"]),
    "removed with all dependencies": (
        lambda folder: [(folder / "Chart.lock").unlink(), shutil.rmtree(folder / "charts"), put("Chart.yaml", metadata("web", "0.1.0"))(folder)],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), LOCKED.values(), ids=LOCKED)
def test_a_lock_that_is_removed_while_dependencies_stay_is_found(tmp_path, change, expected):
    root = umbrellas.web(tmp_path)
    folder = root / "argocd-helm-charts/web"
    repos.write(folder, {"Chart.lock": "dependencies: []\ndigest: sha256:0\n"})
    umbrellas.recorded(root)
    change(folder)
    found = [one for one in verify(root, base="HEAD").findings if one.rule.id == "chart/lock-missing"]
    assert [f"{one.rule.id} {one.path.removeprefix('argocd-helm-charts/')}" for one in found] == expected
    assert {one.severity for one in found} <= {"warning"}
    assert "chart/lock-missing" not in {one.rule.id for one in verify(root).findings}


def many(root, number, upstream=UPSTREAM):
    """A KubeAid repo with umbrella charts of one repository, all in the ledger."""
    for name in (f"app{n:02}" for n in range(number)):
        files = {
            "Chart.yaml": metadata(name, "0.1.0", f"web 1.2.3 {upstream}"),
            "charts/web/Chart.yaml": metadata("web", "1.2.3"),
        }
        umbrellas.umbrella(root, name, files)
    return umbrellas.recorded(root)


def dead(wanted):
    host = wanted.repository.split("/")[2]
    return Failed(FailedKind.UNREACHABLE, f"cannot reach {host}: connection refused", host, "connection refused")


def test_a_host_that_cannot_be_reached_is_one_finding_for_all_of_its_charts(tmp_path):
    root = many(tmp_path, 12)
    umbrellas.web(root, upstream="https://other.example.com")
    answers = lambda wanted: published() if "other" in wanted.repository else dead(wanted)  # noqa: E731
    found = verify(root, fetch=answers)
    (finding,) = [one for one in found.findings if one.rule.id == "chart/unverifiable"]
    assert (finding.subject, finding.severity, found.may_pass) == ("charts.example.com", "warning", True)
    assert finding.message.startswith("cannot reach charts.example.com: connection refused; app00/web, app01/web, ")
    assert finding.message.endswith(
        "app09/web and 2 more could not be compared with what is published, only with the ledger"
    )
    assert [str(one.status) for one in found.results] == ["unverifiable"] * 12 + ["identical"]


def test_without_a_network_there_is_one_finding_for_all_hosts(tmp_path):
    root = many(tmp_path, 2)
    umbrellas.web(root, upstream="https://other.example.com")
    (finding,) = [one for one in verify(root, fetch=dead).findings if one.rule.id == "chart/unverifiable"]
    assert finding.subject == "upstreams"
    assert "only with the ledger" in finding.message
    assert finding.message.startswith(
        "none of the 2 upstream hosts can be reached (connection refused); 3 charts could"
    )


def test_a_dead_host_and_no_ledger_leave_nothing_to_compare_with(tmp_path):
    found = verify(umbrellas.web(tmp_path), fetch=dead)
    (finding,) = [one for one in found.findings if one.rule.id == "chart/unverifiable"]
    assert finding.message.endswith("; web/web could not be compared with what is published")


def test_an_edit_behind_a_dead_host_is_no_known_finding(tmp_path):
    root = many(tmp_path, 2)
    (before,) = verify(root, fetch=dead).findings
    put("values.yaml", "evil: true")(root / "argocd-helm-charts/app00/charts/web")
    found = verify(root, fetch=dead).findings
    assert {one.rule.id for one in found} == {"chart/unverifiable", "chart/file-added"}
    assert before.fingerprint not in {one.fingerprint for one in found}
