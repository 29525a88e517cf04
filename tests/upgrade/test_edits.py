"""Files of a cluster are edited in place: the revision changes and nothing else."""

from collections.abc import Mapping

import pytest

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.general_settings import GeneralSettings
from kubeaid_ci.net.address import Remote
from kubeaid_ci.upgrade.edits import ClusterEdits, Request, edits_of
from kubeaid_ci.upgrade.result import PlaceStatus

KUBEAID = frozenset({Remote.parse("https://github.com/Acme/KubeAid"), Remote.parse("git@github.com:Acme/k8id.git")})
HOME = "k8s/prod"
APP = f"{HOME}/argocd-apps/templates/web.yaml"
VALUES = f"{HOME}/argocd-apps/values.yaml"
CLUSTER = Cluster("prod", "prod", None, general=GeneralSettings(f"{HOME}/kubeaid-cli.general.yaml"))
HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: web\n"


def edited(
    files: Mapping[str, str], *, to: str = "2.0.0", apps: frozenset[str] = frozenset(), **more: bool
) -> ClusterEdits:
    data = {path: text.encode() for path, text in files.items()}
    return edits_of(CLUSTER, data, Request(to, KUBEAID, apps, **more))


def single(source: str, *, labels: str = "") -> str:
    return f"{HEAD}{labels}spec:\n  source:\n{source}"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


PLAIN = "repoURL: https://github.com/Acme/KubeAid.git\npath: argocd-helm-charts/web\ntargetRevision: 1.0.0"
# What a source is before and after the upgrade; nothing if it is left with a reason.
SOURCES: dict[str, tuple[str, str | None]] = {
    "plain": (PLAIN, PLAIN.replace("1.0.0", "2.0.0")),
    "comment": (f"{PLAIN} # pinned", f"{PLAIN} # pinned".replace("1.0.0", "2.0.0")),
    "single quotes": (PLAIN.replace("1.0.0", "'1.0.0'"), PLAIN.replace("1.0.0", "'2.0.0'")),
    "double quotes": (PLAIN.replace("1.0.0", '"1.0.0"'), PLAIN.replace("1.0.0", '"2.0.0"')),
    "empty": (PLAIN.replace(" 1.0.0", ""), PLAIN.replace("1.0.0", "2.0.0")),
    "null": (PLAIN.replace("1.0.0", "null"), PLAIN.replace("1.0.0", "2.0.0")),
    "HEAD": (PLAIN.replace("1.0.0", "HEAD"), PLAIN.replace("1.0.0", "2.0.0")),
    "a number": (PLAIN.replace("1.0.0", "1.0"), PLAIN.replace("1.0.0", "2.0.0")),
    "flow style": (
        "{repoURL: 'git@github.com:Acme/KubeAid.git', path: argocd-helm-charts/web, targetRevision: 1.0.0}",
        "{repoURL: 'git@github.com:Acme/KubeAid.git', path: argocd-helm-charts/web, targetRevision: 2.0.0}",
    ),
    "ssh": (PLAIN.replace("https://", "ssh://git@"), PLAIN.replace("https://", "ssh://git@").replace("1.0.0", "2.0.0")),
    "scp-like, other case": (
        PLAIN.replace("https://github.com/Acme/KubeAid", "git@GitHub.com:acme/kubeaid"),
        PLAIN.replace("https://github.com/Acme/KubeAid", "git@GitHub.com:acme/kubeaid").replace("1.0.0", "2.0.0"),
    ),
    "old name": (PLAIN.replace("KubeAid", "k8id"), PLAIN.replace("KubeAid", "k8id").replace("1.0.0", "2.0.0")),
    "missing": (
        "repoURL: https://github.com/Acme/KubeAid # it\npath: argocd-helm-charts/web",
        "repoURL: https://github.com/Acme/KubeAid # it\ntargetRevision: 2.0.0\npath: argocd-helm-charts/web",
    ),
    "missing in flow style": ("{repoURL: https://github.com/Acme/KubeAid, path: argocd-helm-charts/web}", None),
    "expression": (PLAIN.replace("1.0.0", "{{ .Values.revision }}"), None),
    "part of it": (PLAIN.replace("1.0.0", 'v{{ include "x" . }}'), None),
    "in a condition": (
        PLAIN.replace("target", "{{- if .Values.x }}\ntarget") + "\n{{- end }}",
        PLAIN.replace("target", "{{- if .Values.x }}\ntarget").replace("1.0.0", "2.0.0") + "\n{{- end }}",
    ),
    "anchor of its own": (PLAIN.replace("1.0.0", "&rev 1.0.0"), PLAIN.replace("1.0.0", "&rev 2.0.0")),
    "name that looks like it": (PLAIN.replace("Acme/KubeAid", "Acme/KubeAid-config"), ""),
    "other owner": (PLAIN.replace("Acme", "someone"), ""),
    "chart of a registry": ("repoURL: https://github.com/Acme/KubeAid\nchart: web\ntargetRevision: 1.0.0", ""),
}


@pytest.mark.parametrize("case", SOURCES)
def test_the_revision_of_a_source_is_set_in_place(case: str) -> None:
    before, after = SOURCES[case]
    text = single(indented(before))
    made = edited({APP: text})
    left = [one for one in made.edits if one.status is PlaceStatus.LEFT]
    if after:
        assert made.files == {APP: single(indented(after)).encode()}
        assert not left
    else:
        assert made.files == {}
        assert len(left) == (after is None)
    if after is not None and after:
        assert edited({APP: made.files[APP].decode()}).files == {}


def test_several_sources_documents_and_line_ends() -> None:
    several = (
        "spec:\n  sources:\n  - repoURL: https://github.com/Acme/KubeAid\n    path: argocd-helm-charts/a\n"
        "    targetRevision: 1.0.0\n  - {ref: values, repoURL: https://github.com/Acme/config, targetRevision: 1.0.0}\n"
        "  - {ref: defaults, repoURL: https://github.com/Acme/KubeAid, targetRevision: 1.0.0}\n"
    )
    text = f"# first\n{HEAD}{several}---\n{HEAD.replace('web', 'b')}{several}".replace("\n", "\r\n")
    made = edited({APP: text})
    lines = zip(text.splitlines(keepends=True), made.files[APP].decode().splitlines(keepends=True), strict=True)
    changed = [(old, new) for old, new in lines if old != new]
    assert len(changed) == 4
    assert all(old.replace("1.0.0", "2.0.0") == new for old, new in changed)
    assert [one.app for one in made.edits] == ["web", "web", "b", "b"]


@pytest.mark.parametrize(
    "head", ["apiVersion: v1\nkind: List\n", "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationList\n"]
)
@pytest.mark.parametrize("has_kind", [True, False])
def test_applications_in_a_list_move(head: str, has_kind: bool) -> None:
    item = single(indented(PLAIN)) if has_kind else single(indented(PLAIN)).replace(HEAD, "metadata:\n  name: web\n")
    text = head + "items:\n- " + item.rstrip().replace("\n", "\n  ") + "\n"
    moves = has_kind or "ApplicationList" in head
    assert edited({APP: text}).files == ({APP: text.replace("1.0.0", "2.0.0").encode()} if moves else {})


def test_a_revision_that_another_repository_shares_is_left() -> None:
    text = (
        f"{HEAD}spec:\n  sources:\n  - {{repoURL: https://github.com/Acme/KubeAid, path: a, targetRevision: &r 1.0.0}}\n"
        "  - {repoURL: https://github.com/Acme/config, path: b, targetRevision: *r}\n"
    )
    made = edited({APP: text})
    assert made.files == {}
    assert "alias" in made.edits[0].reason


def test_labels_move_with_their_sources_and_none_is_added() -> None:
    labels = "  labels:\n    kubeaid.io/version: 1.0.0\n    kubeaid.io/sync-order: '10'\n"
    assert edited({APP: single(indented(PLAIN), labels=labels)}).files[APP].decode() == single(
        indented(PLAIN), labels=labels
    ).replace("1.0.0", "2.0.0")
    empty = labels.replace(" 1.0.0", " ")
    assert b"kubeaid.io/version: 2.0.0\n" in edited({APP: single(indented(PLAIN), labels=empty)}).files[APP]
    expression = PLAIN.replace("1.0.0", "{{ .Values.revision }}")
    made = edited({APP: single(indented(expression), labels=labels)})
    assert made.files == {}
    assert [one.reason for one in made.edits] == [
        "a source of it is left",
        ".Values.revision is not set in k8s/prod/argocd-apps/values.yaml, or other values may override it",
    ]


def test_the_label_of_the_monitoring_moves_only_with_its_build() -> None:
    source = indented("repoURL: https://github.com/Acme/config\npath: k8s/prod/kube-prometheus\ntargetRevision: HEAD")
    text = single(source, labels="  labels: {kubeaid.io/version: 1.0.0}\n")
    assert edited({APP: text}).files == {APP: text.replace("1.0.0", "2.0.0").encode()}
    assert edited({APP: text}, moves_monitoring=False).files == {}


SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, labels: {kubeaid.io/version: 1.0.0}}
spec:
  generators:
  - matrix:
      generators:
      - git: {repoURL: https://github.com/Acme/KubeAid, revision: 1.0.0, directories: [{path: charts/*}]}
      - list: {elements: [{name: a}]}
  template:
    metadata: {name: '{{name}}', labels: {kubeaid.io/version: 1.0.0}}
    spec:
      sources:
      - repoURL: https://github.com/Acme/KubeAid
        path: '{{path}}'
        targetRevision: 1.0.0
        helm: {valuesObject: {repoURL: https://github.com/Acme/KubeAid, targetRevision: 1.0.0}}
"""


def test_the_template_and_the_generators_of_an_application_set_move() -> None:
    made = edited({APP: SET})
    expected = SET.replace("1.0.0", "2.0.0").replace("KubeAid, targetRevision: 2.0.0", "KubeAid, targetRevision: 1.0.0")
    assert made.files == {APP: expected.encode()}


def test_only_named_applications_move() -> None:
    other = single(indented(PLAIN)).replace("name: web", "name: db")
    general = {CLUSTER.general.path: "forkURLs: {kubeaid: {version: 1.0.0}}\n"}
    made = edited({APP: single(indented(PLAIN)), f"{HOME}/db.yaml": other, **general}, apps=frozenset({"db"}))
    assert list(made.files) == [f"{HOME}/db.yaml"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("forkURLs:\n  kubeaid:\n    version: 1.0.0 # it\n", "forkURLs:\n  kubeaid:\n    version: 2.0.0 # it\n"),
        ("forkURLs:\n  kubeaid:\n    version:\n", "forkURLs:\n  kubeaid:\n    version: 2.0.0\n"),
        ("cluster:\n  kubeaidVersion: '1.0.0'\n", "cluster:\n  kubeaidVersion: '2.0.0'\n"),
        ("kubeaidVersion: 1.0.0\r\n", "kubeaidVersion: 2.0.0\r\n"),
        ("forkURLs:\n  kubeaid: https://github.com/Acme/KubeAid\n", None),
        ("forkURLs: [\n", None),
    ],
)
def test_the_version_in_the_general_settings_is_set(before: str, after: str | None) -> None:
    path = CLUSTER.general.path
    assert edited({path: before}).files == ({path: after.encode()} if after else {})


TEMPLATED = single(
    indented(
        PLAIN.replace("1.0.0", "{{ .Values.kubeaid.version }}").replace(
            "https://github.com/Acme/KubeAid.git", "{{ .Values.kubeaid.url }}"
        )
    ),
    labels='  labels:\n    kubeaid.io/version: "{{ .Values.kubeaid.version }}"\n',
)
ROOT_VALUES = "# ours\nkubeaid:\n  url: https://github.com/Acme/KubeAid\n  version: 1.0.0 # pinned\n"


def test_a_revision_from_the_values_of_the_root_chart_is_set_there() -> None:
    made = edited({APP: TEMPLATED, VALUES: ROOT_VALUES})
    assert made.files == {VALUES: ROOT_VALUES.replace("1.0.0", "2.0.0").encode()}
    assert {one.status for one in made.edits} == {PlaceStatus.MOVED}
    again = edited({APP: TEMPLATED, VALUES: made.files[VALUES].decode()})
    assert again.files == {}
    assert {one.status for one in again.edits} == {PlaceStatus.CURRENT}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({f"{HOME}/argocd-apps/templates/x.yaml": "a: {{ .Values.kubeaid.version }}\n"}, "something else"),
        ({f"{HOME}/argocd-apps/templates/x.yaml": "a: {{ toYaml .Values.kubeaid }}\n"}, "something else"),
        ({VALUES: "kubeaid: {url: https://github.com/Acme/KubeAid, version: &v 1.0.0}\nother: *v\n"}, "alias"),
    ],
)
def test_a_value_that_something_else_uses_is_left(more: dict[str, str], reason: str) -> None:
    made = edited({APP: TEMPLATED, VALUES: ROOT_VALUES} | more)
    assert made.files == {}
    assert all(reason in one.reason for one in made.edits)
    assert len(made.edits) == 2


def test_values_that_the_root_application_overrides_are_not_trusted() -> None:
    root = single(
        indented(
            "repoURL: https://github.com/Acme/config\npath: k8s/prod/argocd-apps\nhelm: {valueFiles: [other.yaml]}"
        )
    )
    made = edited({APP: TEMPLATED, VALUES: ROOT_VALUES, f"{HOME}/argocd-apps/templates/root.yaml": root})
    assert made.files == {}


def test_a_file_that_is_no_yaml_is_named() -> None:
    made = edited({APP: f"{HEAD}spec: [\n"})
    assert list(made.unreadable) == [APP]
