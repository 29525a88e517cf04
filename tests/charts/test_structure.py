import json

import pytest

from kubeaid_ci.charts import reader, structure
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.helm import lock_digest
from kubeaid_ci.helm.chart import CHARTS, BadChart, Charts
from kubeaid_ci.semver.version import Version
from tests import helm_binaries, repos, umbrellas
from tests.umbrellas import UPSTREAM, metadata

WEB = f"web 1.2.3 {UPSTREAM}"
VENDORED = {"charts/web/Chart.yaml": metadata("web", "1.2.3")}


@pytest.fixture
def found(tmp_path):
    """What the check says of an umbrella chart ``app`` with these files, as rule, severity and message."""

    def check(files, *, kubernetes=(), links=None, others=None):
        umbrellas.umbrella(tmp_path, "app", files)
        for name, chart in (others or {}).items():
            umbrellas.umbrella(tmp_path, name, chart)
        for path, target in (links or {}).items():
            place = tmp_path / CHARTS / "app" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        with open_snapshot(tmp_path, WORK_TREE, [CHARTS]) as snapshot:
            read = reader.read(snapshot)
        return [(one.rule.id.removeprefix("chart/"), one.severity.value, one.message) for one in structure.check(read, kubernetes=kubernetes)]  # fmt: skip

    return check


def test_files_of_a_vendored_chart_that_a_helmignore_takes_out_are_told(found):
    files = {"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED}
    more = {"charts/web/templates/policy.yaml": "", "charts/web/ci/x.yaml": "", ".helmignore": "*.md\n/ci/\npolicy.*\n"}
    ((rule, severity, message),) = found(files | more)
    assert (rule, severity) == ("dropped-by-helmignore", "error")
    assert message == "argocd-helm-charts/app/.helmignore takes the file out of what Helm renders"
    ((_, _, message),) = found({".helmignore": "charts/web\n"})
    assert "takes the file and 2 more of the chart out of" in message
    assert found({".helmignore": "**\n"}) == []


@pytest.mark.parametrize("target", ["../elsewhere", "other"])
def test_a_link_in_the_place_of_an_umbrella_chart_is_told(found, target):
    files = {"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED}
    ((rule, severity, message),) = found(files, links={"../linked": target})
    assert (rule, severity) == ("invalid", "error")
    assert message.startswith("is behind a link")


def rules(found):
    return [rule for rule, _, _ in found]


def test_what_agrees_is_silent(found):
    assert found({"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED}) == []


def test_a_declared_chart_that_is_not_vendored_would_be_downloaded(found):
    ((rule, severity, message),) = found({"Chart.yaml": metadata("app", "0.1.0", WEB)})
    assert (rule, severity) == ("subchart-missing", "error")
    assert message == "web 1.2.3 is declared but not vendored; Argo CD would download it at sync time"


def test_an_undeclared_chart_is_rendered_all_the_same(found):
    ((rule, _, message),) = found({"Chart.yaml": metadata("app", "0.1.0"), **VENDORED})
    assert rule == "subchart-undeclared"
    assert "Helm renders it anyway" in message


def test_a_second_chart_of_a_declared_name_is_undeclared(found):
    files = {
        "Chart.yaml": metadata("app", "0.1.0", WEB),
        **VENDORED,
        "charts/evil/Chart.yaml": metadata("web", "1.2.3"),
    }
    ((rule, _, message),) = found(files)
    assert rule == "subchart-undeclared"
    assert message == "web 1.2.3 fits web and evil; Helm takes one of them at random"


TWO = ("web-1", "1.0.0"), ("web-2", "2.0.0")


@pytest.mark.parametrize(
    ("declared", "vendored", "expected"),
    [
        (["1.2.3 alias=a", "1.2.3 alias=b"], [("web", "1.2.3")], []),
        (["1.0.0 alias=old", "2.0.0 alias=new"], TWO, []),
        (["2.0.0 alias=new", "1.0.0 alias=old"], TWO, []),
        (["^1 alias=old", "^2 alias=new"], [("a", "2.4.0"), ("b", "1.9.0")], []),
        (["1.0.0 alias=old", "2.0.0 alias=new"], TWO[:1], ["subchart-missing app/new"]),
        (["1.0.0 alias=old"], TWO, ["subchart-undeclared app/web-2"]),
        (["1.0.1 alias=old", "2.0.0 alias=new"], TWO, ["version-mismatch app/web-1"]),
        (["1.1.0 alias=old", "2.1.0 alias=new"], TWO, ["version-mismatch app/web-1", "version-mismatch app/web-2"]),
        (["^1 alias=old", "1.0.0 alias=new"], [("a", "1.0.0"), ("b", "1.1.0")], ["subchart-undeclared app/a"]),
    ],
)
def test_dependencies_of_one_name_are_told_apart_by_alias_and_range(tmp_path, declared, vendored, expected):
    keys = [one.split(" ") for one in declared]
    files = {"Chart.yaml": metadata("app", "0.1.0", *(f"web {version} {UPSTREAM} {key}" for version, key in keys))}
    files |= {f"charts/{folder}/Chart.yaml": metadata("web", version) for folder, version in vendored}
    umbrellas.umbrella(tmp_path, "app", files)
    with open_snapshot(tmp_path, WORK_TREE, [CHARTS]) as snapshot:
        said = list(structure.check(reader.read(snapshot)))
    assert sorted(f"{one.rule.id.removeprefix('chart/')} {one.subject}" for one in said) == expected


def test_a_folder_that_two_dependencies_share_comes_from_one_repository(found):
    twice = metadata("app", "0.1.0", f"{WEB} alias=a", "web 1.2.3 https://other.example.com alias=b")
    ((rule, severity, message),) = found({"Chart.yaml": twice, **VENDORED})
    assert (rule, severity) == ("unverifiable", "warning")
    assert message.startswith(f"web is declared to come from {UPSTREAM} and https://other.example.com")


@pytest.mark.parametrize(
    ("declared", "vendored", "fits"),
    [
        ("1.2.3", "1.2.3", True),
        ("1.2.3", "v1.2.3", True),
        ("^1.2.0", "1.9.0", True),
        (">=1.0.0_<2.0.0", "1.5.0", True),
        ("1.2.3+4", "1.2.3+4", True),
        ("1.2.3", "1.2.4", False),
        ("1.2.3", "1.2.3-rc.1", False),
        ("1.2.3+4", "1.2.3+5", False),
        ("~1.2.0", "1.3.0", False),
        ("", "1.0.0", False),
        ("latest", "1.0.0", False),
    ],
)
def test_the_vendored_version_must_be_in_the_declared_range(found, declared, vendored, fits):
    files = {
        "Chart.yaml": metadata("app", "0.1.0", f"web {declared} {UPSTREAM}"),
        "charts/web/Chart.yaml": metadata("web", vendored),
    }
    assert rules(found(files)) == ([] if fits else ["version-mismatch"])


def test_a_lock_for_other_dependencies_is_out_of_date(found):
    lock = f"dependencies:\n- {{name: web, version: 1.2.2, repository: '{UPSTREAM}'}}\ndigest: sha256:0\n"
    ((rule, severity, _),) = found({"Chart.yaml": metadata("app", "0.1.0", WEB), "Chart.lock": lock, **VENDORED})
    assert (rule, severity) == ("lock-out-of-date", "warning")


@pytest.mark.parametrize(
    ("declared", "locked", "name", "message"),
    [
        (UPSTREAM, UPSTREAM, "web", None),
        (UPSTREAM, f"{UPSTREAM}/", "web", None),
        ("'@corp'", UPSTREAM, "web", None),
        (
            UPSTREAM,
            "https://evil.example",
            "web",
            f"Chart.lock takes web from https://evil.example, and {UPSTREAM} is declared; helm dependency build",
        ),
        (
            UPSTREAM,
            "https://evil.example",
            "more",
            "Chart.lock takes more from https://evil.example, and no repository is",
        ),
    ],
)
def test_a_valid_lock_names_the_declared_repositories(found, declared, locked, name, message):
    lines = {"name": "web", "version": "1.2.3", "repository": declared.strip("'")}
    entry = {"name": name, "version": "1.2.3", "repository": locked}
    lock = json.dumps({"dependencies": [entry], "digest": lock_digest.digest([lines], [entry])})
    files = {"Chart.yaml": metadata("app", "0.1.0", f"web 1.2.3 {declared}"), "Chart.lock": lock, **VENDORED}
    said = [(severity, text) for rule, severity, text in found(files) if rule == "repository-changed"]
    assert [severity for severity, _ in said] == (["error"] if message else [])
    assert not message or said[0][1].startswith(message)


def test_a_deprecated_chart_is_told_at_any_depth(found):
    inner = {"charts/web/charts/in/Chart.yaml": metadata("in", "1.0.0", more="deprecated: true\n")}
    assert rules(found({"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED, **inner})) == ["deprecated"]


@pytest.mark.parametrize(
    ("archive", "rule"),
    [("web-1.2.3.tgz", "archive-beside-folder"), ("evil-1.0.0.tgz", "subchart-undeclared")],
)
def test_an_archive_beside_the_folder_is_taken_at_random(found, archive, rule):
    files = {"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED, f"charts/{archive}": "x"}
    assert rules(found(files)) == [rule]


def test_a_packed_chart_alone_is_not_missing_but_cannot_be_seen_into(found):
    ((rule, severity, _),) = found({"Chart.yaml": metadata("app", "0.1.0", WEB), "charts/web-1.2.3.tgz": "x"})
    assert (rule, severity) == ("unverifiable", "error")


def test_a_nested_chart_that_is_left_out_is_no_error(found):
    declared = metadata("web", "1.2.3", f"db 1.x {UPSTREAM}", f"lib 1.x {UPSTREAM}")
    files = {
        "Chart.yaml": metadata("app", "0.1.0", WEB, f"lib 1.0.0 {UPSTREAM}"),
        "charts/web/Chart.yaml": declared,
        "charts/lib/Chart.yaml": metadata("lib", "1.0.0"),
    }
    ((rule, severity, message),) = found(files)
    assert (rule, severity) == ("subchart-missing", "info")
    assert message == "web declares db 1.x, which is not vendored in it"


@pytest.mark.parametrize(
    ("path", "target", "wrong"),
    [
        ("charts/web/templates/x", "/etc/passwd", True),
        ("charts/web/templates/x", "../../../../../../etc/passwd", True),
        ("x", "../../.git/config", True),
        ("x", "x", True),
        ("x", "Chart.yaml", False),
    ],
)
def test_a_link_out_of_the_repository_is_an_error(found, path, target, wrong):
    said = found({"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED}, links={path: target})
    assert rules(said) == (["symlink-escapes"] if wrong else [])


def test_a_link_through_a_link_is_followed(found):
    said = found({"Chart.yaml": metadata("app", "0.1.0")}, links={"a": "..", "b": "a/../../x"})
    assert rules(said) == ["symlink-escapes"]


def test_a_link_that_leads_nowhere_is_a_missing_chart(found):
    said = found(
        {"Chart.yaml": metadata("app", "0.1.0", "addons 0.1.0 file://../addons")},
        links={"charts/addons": "../../addons"},
    )
    assert said[0][0] == "subchart-missing"
    assert "declared but charts/addons is a dangling link" in said[0][2]


def test_kubernetes_versions_are_asked_of_vendored_charts(found):
    files = {
        "Chart.yaml": metadata("app", "0.1.0", WEB),
        "charts/web/Chart.yaml": metadata("web", "1.2.3", more="kubeVersion: '>=1.25.0-0 <1.30.0'\n"),
    }
    versions = [Version.parse(text) for text in ("1.24.0", "v1.29.3", "1.30.0")]
    assert [message.rpartition(" ")[2] for _, _, message in found(files, kubernetes=versions)] == ["1.24.0", "1.30.0"]
    assert found(files) == []


def test_what_git_ignores_in_a_vendored_chart_never_reaches_argocd(tmp_path, found):
    repos.write(tmp_path, {".gitignore": "defaults\n*.tgz\n"})
    repos.commit(tmp_path)
    files = {
        "Chart.yaml": metadata("app", "0.1.0", WEB),
        **VENDORED,
        "charts/web/defaults/a.yaml": "x",
        "charts/web-1.0.0.tgz": "x",
    }
    assert rules(found(files)) == ["dropped-by-gitignore"]


def test_metadata_that_cannot_be_read_is_a_finding_at_its_line():
    (finding,) = structure.check(Charts((), (BadChart("a/b", "a/b/requirements.yaml:3: not valid YAML: why: so"),), {}))
    assert (finding.rule.id, finding.path, finding.line) == ("chart/invalid", "a/b/requirements.yaml", 3)
    assert finding.message == "not valid YAML: why: so"
    (finding,) = structure.check(Charts((), (BadChart("a/b", "too deep"),), {}))
    assert (finding.path, finding.line, finding.message) == ("a/b/Chart.yaml", None, "too deep")


def test_a_dependency_without_a_name_is_missing_at_the_top_and_nothing_below(found):
    nameless = "dependencies:\n- version: 1.0.0\n"
    said = found(
        {"Chart.yaml": metadata("app", "0.1.0", WEB), "charts/web/Chart.yaml": metadata("web", "1.2.3") + nameless}
    )
    assert said == []
    said = found({"Chart.yaml": metadata("app", "0.1.0") + nameless})
    assert [message for rule, _, message in said if rule == "subchart-missing"] == [
        "a dependency without a name 1.0.0 is declared but not vendored; the sync fails, because no repository is declared for it"
    ]


EVIL = {"lib/charts/evil/Chart.yaml": metadata("evil", "1.0.0"), "lib/charts/evil/templates/e.yaml": "evil: true\n"}
LINKS = [
    # The link, from the umbrella chart; where it leads; the finding.
    ("charts", "../../lib/charts", "subchart-undeclared error app"),
    ("charts", "../lib/charts", "subchart-undeclared error app"),
    ("charts/evil", "../../../lib/charts/evil", "subchart-undeclared error app/evil"),
    ("charts/evil", "../../lib/charts/evil", "subchart-undeclared error app/evil"),
    ("charts/web/charts", "../../../../lib/charts", "linked-content error app/web"),
    ("charts/web/charts", "../../../lib/charts", "linked-content error app/web"),
    ("charts/web/charts/evil", "../../../../../lib/charts/evil", "linked-content error app/web"),
    ("charts/web/templates", "../../../../lib/charts/evil/templates", "linked-content error app/web"),
    ("charts/web/templates/e.yaml", "../../../../../lib/charts/evil/templates/e.yaml", "linked-content error app/web"),
    ("charts/web/crds", "../../../../lib/charts/evil/templates", "linked-content error app/web"),
    ("charts/web/values.yaml", "../../../../lib/charts/evil/templates/e.yaml", "linked-content error app/web"),
    ("templates", "../../lib/charts/evil/templates", "linked-content warning app"),
    ("templates", "../lib/charts/evil/templates", "linked-content warning app"),
    ("templates/e.yaml", "../../../lib/charts/evil/templates/e.yaml", "linked-content warning app"),
    ("crds", "../../lib/charts/evil/templates", "linked-content warning app"),
    ("files", "../../lib/charts/evil/templates", "linked-content warning app"),
    ("values.yaml", "../../lib/charts/evil/templates/e.yaml", "linked-content warning app"),
]


@pytest.mark.parametrize(("link", "target", "expected"), LINKS)
def test_content_behind_a_link_is_never_passed_over(tmp_path, link, target, expected):
    files = {"Chart.yaml": metadata("app", "0.1.0", *([WEB] if link != "charts" else []))}
    umbrellas.umbrella(tmp_path, "app", files | (VENDORED if link != "charts" else {}))
    for top in ("", f"{CHARTS}/"):
        repos.write(tmp_path, {f"{top}{path}": text for path, text in EVIL.items()})
    place = tmp_path / CHARTS / "app" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    assert place.exists()
    with open_snapshot(tmp_path, WORK_TREE, [CHARTS]) as snapshot:
        found = list(structure.check(reader.read(snapshot)))
    said = [f"{one.rule.id.removeprefix('chart/')} {one.severity} {one.subject}" for one in found]
    assert expected in said


@helm_binaries.needs_helm
def test_helm_renders_what_is_behind_a_link(tmp_path):
    for number, (link, target, _) in enumerate(LINKS):
        root = tmp_path / str(number)
        umbrellas.umbrella(
            root, "app", {"Chart.yaml": metadata("app", "0.1.0")} | (VENDORED if link != "charts" else {})
        )
        for top in ("", f"{CHARTS}/"):
            repos.write(root, {f"{top}{path}": text for path, text in EVIL.items()})
        place = root / CHARTS / "app" / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
        out = helm_binaries.run("template", "--include-crds", root / CHARTS / "app")
        if not link.endswith(("values.yaml", "files")):
            assert "evil: true" in out.stdout, (link, out.stderr)


def test_chart_that_is_too_deep_is_not_passed_over(tmp_path):
    files = {"evil/Chart.yaml": metadata("evil", "1.0.0"), "evil/charts/inner/Chart.yaml": metadata("inner", "1.0.0")}
    umbrellas.umbrella(tmp_path, "group", files)
    umbrellas.umbrella(tmp_path, "app", {"Chart.yaml": metadata("app", "0.1.0", WEB), **VENDORED})
    with open_snapshot(tmp_path, WORK_TREE, [CHARTS]) as snapshot:
        found = list(structure.check(reader.read(snapshot)))
    assert [(one.path, one.subject) for one in found if one.rule.id == "chart/not-checked"] == [
        ("argocd-helm-charts/group/evil", "group/evil")
    ]


ADDONS = {"Chart.yaml": metadata("addons", "0.1.0")}
NOT_VENDORED = {
    "of a repository": (["api 1.0.0 https://x.example.com"], "error", "Argo CD would download it at sync time"),
    "of a registry": (["api 1.0.0 oci://x.example.com/c"], "error", "Argo CD would download it at sync time"),
    "a folder": (
        ["addons 0.1.0 file://../addons"],
        "warning",
        "Argo CD packs argocd-helm-charts/addons at sync time and downloads nothing",
    ),
    "a folder next to a published chart": (
        ["addons 0.1.0 file://../addons", WEB],
        "error",
        "Argo CD packs argocd-helm-charts/addons at sync time, and downloads web 1.2.3 instead of what is vendored",
    ),
    "a folder that is not there": (
        ["addons 0.1.0 file://../adons", WEB],
        "error",
        "the sync fails, because there is no chart at file://../adons",
    ),
    "an absolute folder": (
        ["addons 0.1.0 file:///addons"],
        "error",
        "the sync fails, because there is no chart at file:///addons",
    ),
    "without a repository": (
        ["addons 0.1.0 ''"],
        "error",
        "the sync fails, because no repository is declared for it",
    ),
}


@pytest.mark.parametrize(("declared", "severity", "message"), NOT_VENDORED.values(), ids=NOT_VENDORED)
def test_what_is_declared_and_not_vendored_is_said_to_be_downloaded_only_if_it_is(found, declared, severity, message):
    files = {"Chart.yaml": metadata("app", "0.1.0", *declared), **(VENDORED if WEB in declared else {})}
    ((rule, given, said),) = found(files, others={"addons": ADDONS})
    assert (rule, given) == ("subchart-missing", severity)
    assert said.partition("vendored; ")[2] == message


STALE = "digest: sha256:0\ngenerated: now\ndependencies: []\n"


@pytest.mark.parametrize("declared", [[WEB], ["web 1.2.3 '@corp'"], ["web 1.2.3 file://charts/web"], []])
def test_what_only_a_publisher_can_correct_is_an_info(found, declared):
    """The inner chart comes from a repository, wherever the one around it comes from."""
    inner = metadata("inner", "0.1.0", "deep 2.0.0 https://x.example.com")
    files = {
        "Chart.yaml": metadata("app", "0.1.0", *declared),
        "charts/web/Chart.yaml": metadata("web", "1.2.3", "inner 0.1.0 https://x.example.com"),
        "charts/web/charts/inner/Chart.yaml": inner,
        "charts/web/charts/inner/Chart.lock": STALE,
        "charts/web/charts/inner/charts/deep/Chart.yaml": metadata("deep", "1.0.0"),
    }
    severities = {rule: severity for rule, severity, _ in found(files)}
    assert (severities["lock-out-of-date"], severities["version-mismatch"]) == ("info", "info")


def test_a_stale_lock_in_a_chart_of_ours_stays_a_warning(found):
    files = {
        "Chart.yaml": metadata("app", "0.1.0", "web 1.2.3 file://charts/web"),
        "charts/web/Chart.yaml": metadata("web", "1.2.3", "inner 0.1.0 https://x.example.com"),
        "charts/web/Chart.lock": STALE,
        "charts/web/charts/inner/Chart.yaml": metadata("inner", "0.1.0"),
    }
    ((rule, severity, _),) = found(files)
    assert (rule, severity) == ("lock-out-of-date", "warning")


UNVERSIONED = "apiVersion: v2\nname: web\n"


@pytest.mark.parametrize(
    ("umbrella", "vendored"),
    [
        (metadata("app", "0.1.0"), UNVERSIONED),
        (metadata("app", "0.1.0", WEB), UNVERSIONED),
        (metadata("app", "0.1.0", WEB), UNVERSIONED + "deprecated: true\nkubeVersion: '<1.0'\n"),
        (metadata("app", "0.1.0") + "dependencies:\n- name: web\n  repository: https://x.example.com\n", UNVERSIONED),
        (metadata("app", "0.1.0") + "dependencies:\n- name: api\n", metadata("web", "1.2.3")),
        (metadata("app", "0.1.0", WEB), metadata("web", "1.2.3") + "dependencies:\n- name: db\n"),
        (metadata("app", "0.1.0", WEB), metadata("web", "1.2.3") + "dependencies:\n- version: 1.0.0\n"),
    ],
)
def test_what_has_no_name_or_version_leaves_no_gap_in_a_message(found, umbrella, vendored):
    messages = [message for _, _, message in found({"Chart.yaml": umbrella, "charts/web/Chart.yaml": vendored})]
    assert [one for one in messages if "  " in one or " ," in one or " ;" in one or one.endswith(" ")] == []
