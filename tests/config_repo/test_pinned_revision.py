import pytest

from kubeaid_ci.config_repo.versions import Pinned, pinned
from kubeaid_ci.net.address import Remote

KUBEAID = Remote.parse("https://github.com/Obmondo/KubeAid")
OWN = "git@github.com:acme/kubernetes-config.git"


def application(*, source=None, sources=None, label=None):
    labels = {"kubeaid.io/version": label} if label else {}
    spec = {name: value for name, value in (("source", source), ("sources", sources)) if value is not None}
    return {"kind": "Application", "metadata": {"name": "kube-prometheus", "labels": labels}, "spec": spec}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # a source that points at KubeAid names the revision, however its address is spelled
        (
            application(source={"repoURL": "git@github.com:obmondo/kubeaid.git", "targetRevision": "26.1.0"}),
            Pinned("26.1.0"),
        ),
        (
            application(source={"repoURL": "https://git.acme.test/platform/KubeAid", "targetRevision": "HEAD"}),
            None,
        ),
        (
            application(source={"repoURL": str(KUBEAID), "targetRevision": "HEAD"}, label="9.9.9"),
            Pinned(None),
        ),
        (application(source={"repoURL": str(KUBEAID), "targetRevision": None}), Pinned(None)),
        (application(source={"repoURL": str(KUBEAID)}), Pinned(None)),
        # one of several sources
        (
            application(
                sources=[
                    {"repoURL": OWN, "targetRevision": "HEAD", "ref": "values"},
                    {"repoURL": "https://github.com/Obmondo/kubeaid.git", "targetRevision": "31.1.1"},
                ]
            ),
            Pinned("31.1.1"),
        ),
        # the config repo itself: the label does
        (application(source={"repoURL": OWN, "targetRevision": "HEAD"}, label="17.0.0"), Pinned("17.0.0")),
        (application(source={"repoURL": OWN, "targetRevision": "HEAD"}, label=17), Pinned("17")),
        # neither: what the platform's build script would take
        (application(source={"repoURL": OWN, "targetRevision": "13.0.0"}), Pinned("13.0.0")),
        (application(source={"repoURL": OWN, "targetRevision": "HEAD"}), None),
        # ragged input names nothing
        (application(), None),
        ({}, None),
        ({"spec": {"source": "text", "sources": "text"}, "metadata": []}, None),
        (application(sources=[None, 3, {"repoURL": 7}]), None),
    ],
)
def test_pinned_revision(given, expected):
    assert pinned(given, {KUBEAID}) == expected


def test_a_fork_by_another_name_is_known_by_the_checkouts_own_address():
    fork = Remote.parse("https://git.acme.test/infra/platform")
    given = application(source={"repoURL": "ssh://git@git.acme.test/infra/platform.git", "targetRevision": "5.0.0"})
    assert pinned(given, {fork}) == Pinned("5.0.0")
