"""Which folders are clusters, read from the disk, the index and a commit alike."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import Folders, NotACluster, folders, folders_of
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.revision import parse_tree_revision
from kubeaid_ci.semver.version import Version
from tests import repos

APP = "argocd-apps/Chart.yaml"
GENERAL = "kubeaid-cli.general.yaml"


def _taken(ref: str) -> Callable[[Path], Folders]:
    def read(root: Path) -> Folders:
        with snapshot.open_snapshot(root, parse_tree_revision(ref), ["k8s"]) as files:
            return folders_of(files, where="here")

    return read


READERS = {"disk": folders, "work tree": _taken("worktree"), "commit": _taken("HEAD")}


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Folders]:
    """Commit files and links, and read them with each reader."""

    def found(files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> Folders:
        repos.write(tmp_path, {f"k8s/{path}": text for path, text in files.items()})
        for path, target in (links or {}).items():
            place = tmp_path / "k8s" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        repos.commit(tmp_path)
        return READERS[request.param](tmp_path)

    return found


def one(found: Folders, dir_: str) -> Cluster | NotACluster:
    (chosen,) = [each for each in found if each.dir == dir_]
    return chosen


@pytest.mark.parametrize(
    ("files", "name", "vars_file", "has"),
    [
        ({"a-vars.jsonnet": "{}"}, "a", "a-vars.jsonnet", (False, False)),
        ({"b-vars.jsonnet": "{}", APP: "x"}, "b", "b-vars.jsonnet", (True, False)),
        ({APP: "x"}, "a", None, (True, False)),
        ({APP: "x", "kube-prometheus/x.yaml": "x"}, "a", None, (True, True)),
        ({APP: "x", GENERAL: "cluster: {name: prod}"}, "prod", None, (True, False)),
        ({APP: "x", "kubeaid-bootstrap-script.general.yaml": "cluster: {name: old}"}, "old", None, (True, False)),
        ({APP: "x", GENERAL: "cluster: {name: 17}"}, "17", None, (True, False)),
        ({"b-vars.jsonnet": "{}", GENERAL: "cluster: {name: prod}"}, "b", "b-vars.jsonnet", (False, False)),
        ({APP: "x", GENERAL: "cluster: {name: }"}, "a", None, (True, False)),
        ({APP: "x", GENERAL: 'cluster: {name: "a\\nb"}'}, "a", None, (True, False)),
        ({APP: "x", GENERAL: "cluster: {name: ../b}"}, "a", None, (True, False)),
        ({APP: "x", GENERAL: "- no\n- keys\n"}, "a", None, (True, False)),
        ({APP: "x", GENERAL: "a: [b"}, "a", None, (True, False)),
        ({APP: "x", GENERAL: b"\xff"}, "a", None, (True, False)),
        ({APP: "x", "b-vars.jsonnet.off": "{}"}, "a", None, (True, False)),
        ({APP: "x", "more/b-vars.jsonnet": "{}"}, "a", None, (True, False)),
        ({"x y-vars.jsonnet": "{}"}, "x y", "x y-vars.jsonnet", (False, False)),
        ({"größe-vars.jsonnet": "{}"}, "größe", "größe-vars.jsonnet", (False, False)),
    ],
)
def test_a_folder_with_applications_or_a_vars_file_is_a_cluster(read, files, name, vars_file, has):
    found = one(read({f"a/{path}": text for path, text in files.items()}), "a")
    assert isinstance(found, Cluster)
    assert (found.name, found.dir) == (name, "a")
    assert found.vars_file == (f"k8s/a/{vars_file}" if vars_file else None)
    assert (found.has_applications, found.has_output) == has


@pytest.mark.parametrize(
    "folder", ["two words", "Prod", "größe", "tab\there", 'quo"te', "back\\slash", "-dash", ".hidden", "a\nb"]
)
def test_any_name_of_a_folder_is_kept(read, folder):
    assert one(read({f"{folder}/{APP}": "x"}), folder).name == folder


@pytest.mark.parametrize(
    ("files", "links", "reason", "wrong"),
    [
        ({"a/README.md": "x"}, {}, "k8s/a: no argocd-apps/ and no *-vars.jsonnet, so not a cluster", False),
        ({"a/argocd-apps": "a file"}, {}, "k8s/a: no argocd-apps/ and no *-vars.jsonnet, so not a cluster", False),
        ({"a/one-vars.jsonnet": "", "a/two-vars.jsonnet": ""}, {}, "expected one *-vars.jsonnet, found 2", True),
        ({"a/one-vars.jsonnet/x": ""}, {}, "k8s/a/one-vars.jsonnet: is a folder, not a file", True),
        ({"a/-vars.jsonnet": ""}, {}, "k8s/a/-vars.jsonnet: names no cluster", True),
        ({}, {"a/one-vars.jsonnet": "nothing"}, "k8s/a/one-vars.jsonnet: is a link to nothing, which leads to", True),
        ({}, {"a/argocd-apps": "/etc"}, "k8s/a/argocd-apps: is a link to /etc, which is absolute", True),
        ({f"real/{APP}": "x"}, {"a": "real"}, "k8s/a: is a link to real; the cluster is k8s/real", False),
        ({f"real/{APP}": "x"}, {"a": "real/"}, "k8s/a: is a link to real/; the cluster is k8s/real", False),
        ({f"real/{APP}": "x"}, {"a": "b", "b": "real"}, "k8s/a: is a link to b; the cluster is k8s/real", False),
        ({f"x/deep/{APP}": "x"}, {"a": "x/deep"}, "k8s/a: is a link to x/deep; a cluster is a folder", True),
        ({f"../more/real/{APP}": "x"}, {"a": "../more/real"}, "a cluster is a folder: put the folder itself", True),
        ({"../docs/README": "x"}, {"a": "../docs"}, "k8s/a: is a link to ../docs, so not a cluster", False),
        ({}, {"a": "../../elsewhere"}, "which leads out of the repository", True),
        ({}, {"a": "/srv/elsewhere"}, "which is absolute", True),
        ({}, {"a": "nothing"}, "k8s/a: is a link to nothing, which leads to nothing", False),
        ({}, {"a": "a"}, "k8s/a: is a link to a, which leads in a circle", False),
    ],
)
def test_what_is_no_cluster_says_why(read, files, links, reason, wrong):
    found = one(read({"other/README": "x", **files}, links), "a")
    assert isinstance(found, NotACluster)
    assert reason in found.reason
    assert found.wrong is wrong


def test_a_folder_that_only_has_built_manifests_is_remembered(read):
    assert one(read({"a/kube-prometheus/x.yaml": "x"}), "a").has_output


def test_links_inside_a_cluster_are_followed(read):
    found = read(
        {"common/apps/Chart.yaml": "x", "common/vars.jsonnet": "{}"},
        {"a/argocd-apps": "../common/apps", "a/a-vars.jsonnet": "../common/vars.jsonnet"},
    )
    cluster = one(found, "a")
    assert (cluster.vars_file, cluster.has_applications) == ("k8s/a/a-vars.jsonnet", True)


def test_files_and_hidden_folders_are_passed_over(read):
    assert [each.dir for each in read({"README.md": "x", ".cache/x": "x", f"a/{APP}": "x"}, {"link": "README.md"})] == [
        "a"
    ]


def test_a_name_that_is_not_text_is_refused(read, tmp_path):
    place = os.fsencode(tmp_path) + b"/k8s/\xff"
    os.makedirs(place + b"/argocd-apps")
    Path(os.fsdecode(place + b"/argocd-apps/Chart.yaml")).write_text("x")
    (found,) = read({})
    assert found.wrong
    assert "the folder's name is not UTF-8" in found.reason


def test_a_submodule_is_refused(read, tmp_path):
    repos.write(tmp_path / "k8s/a", {APP: "x"})
    repos.commit(tmp_path / "k8s/a")
    found = one(read({f"b/{APP}": "x"}), "a")
    assert found.wrong
    assert "another repository (a submodule)" in found.reason


def test_an_empty_folder_does_not_exist(read, tmp_path):
    (tmp_path / "k8s/a/argocd-apps").mkdir(parents=True)
    assert [each.dir for each in read({f"b/{APP}": "x"})] == ["b"]


def test_names_that_repeat_are_shown_with_their_folder(read):
    found = read(
        {
            "eu/prod-vars.jsonnet": "",
            "us/prod-vars.jsonnet": "",
            "prod/other-vars.jsonnet": "",
            f"other/{APP}": "x",
            "x/single-vars.jsonnet": "",
        }
    )
    assert {each.dir: each.label for each in found} == {
        "eu": "prod (eu)",
        "us": "prod (us)",
        "prod": "other (prod)",
        "other": "other (other)",
        "x": "single",
    }


def test_a_home_that_is_no_folder_is_refused(tmp_path):
    repos.write(tmp_path, {f"real/a/{APP}": "x"})
    (tmp_path / "k8s").symlink_to("real")
    repos.commit(tmp_path)
    for reader in READERS.values():
        with pytest.raises(UserError, match="k8s is a link or a submodule"):
            reader(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # today's form
        (
            (
                "cluster: {name: a, k8sVersion: v1.35.6}\nforkURLs:\n  kubeaid: {url: https://g.example/o/KubeAid.git, "
                "version: 31.1.1}\n  kubeaidConfig: {url: git@g.example:o/config.git, directory: }\ncloud: {local: {}}\n"
            ),
            ("1.35.6", "local", "31.1.1", ("https://g.example/o/KubeAid",), ("https://g.example/o/config",)),
        ),
        # earlier forms
        (
            (
                "forkURLs:\n  kubeaid: https://g.example/o/KubeAid\n  kubeaidConfig: https://g.example/o/config\n"
                "cluster: {k8sVersion: v1.31.0, kubeaidVersion: 13.0.0}\ncloud: {bare-metal: {ssh: {}}}\n"
            ),
            ("1.31.0", "bare-metal", "13.0.0", ("https://g.example/o/KubeAid",), ("https://g.example/o/config",)),
        ),
        (
            "forks: {kubeaid: https://g.example/f/k, kubeaidConfig: https://g.example/f/c}\ncloud: {aws: {}}\n",
            (None, "aws", None, ("https://g.example/f/k",), ("https://g.example/f/c",)),
        ),
        (
            "argocd: {kubeaidURL: https://g.example/o/k}\nkubeaidConfigURL: https://g.example/o/c\n",
            (None, None, None, ("https://g.example/o/k",), ("https://g.example/o/c",)),
        ),
        # numbers keep their spelling, and what is empty says nothing
        ("cluster: {k8sVersion: 1.30, kubeaidVersion: 20.10}", ("1.30", None, "20.10", (), ())),
        ("cluster: {k8sVersion: , kubeaidVersion: ''}\ncloud:\n", (None, None, None, (), ())),
        ("cloud: {local: {}, disasterRecovery: {bucket: }}", (None, "local", None, (), ())),
        ("cloud: {aws: {}, azure: {}}", (None, None, None, (), ())),
        ("cluster: {k8sVersion: latest}", (None, None, None, (), ())),
        ("cluster: text\nforkURLs: [a]\ncloud: [b]\n", (None, None, None, (), ())),
        ("forkURLs: {kubeaid: 'not an: address?x#y'}", (None, None, None, (), ())),
    ],
)
def test_general_settings_in_every_form(read, text, expected):
    general = one(read({f"a/{APP}": "x", f"a/{GENERAL}": text}), "a").general
    version = general.kubernetes_version
    assert (str(version) if version else None, general.provider, general.kubeaid_version) == expected[:3]
    assert (tuple(map(str, general.kubeaid)), tuple(map(str, general.config))) == expected[3:]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cluster: {k8sVersion: latest}", "cluster.k8sVersion: not a version: 'latest'"),
        ("cloud: {aws: {}, azure: {}}", "cloud: expected one provider, found aws, azure"),
        ("cluster: {name: a/b}", "cluster.name: not a name: 'a/b'"),
        ("- a", "expected keys with values"),
        ("a: 1\n---\nb: 2\n", "expected one YAML document, found 2; keep one of them"),
        ("forkURLs: {kubeaid: 'https://x y/z'}", "forkURLs.kubeaid: not a repository address: 'https://x y/z'"),
    ],
)
def test_problems_of_general_settings_are_kept(read, text, problem):
    assert one(read({f"a/{APP}": "x", f"a/{GENERAL}": text}), "a").general.problems == (problem,)


def test_todays_general_settings_win(read):
    old = "kubeaid-bootstrap-script.general.yaml"
    files = {
        f"a/{APP}": "x",
        f"a/{GENERAL}": "cluster: {k8sVersion: v1.35.0}",
        f"a/{old}": "cluster: {k8sVersion: v1.31.0}",
    }
    general = one(read(files), "a").general
    assert (general.path, general.kubernetes_version) == (f"k8s/a/{GENERAL}", Version.parse("1.35.0"))
