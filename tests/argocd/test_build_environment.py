import pytest

from kubeaid_ci.argocd.build_environment import BuildEnvironment, UnknownVariableError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def environment(revision=COMMIT) -> BuildEnvironment:
    return BuildEnvironment.of(
        app="team-a_web",
        namespace="web",
        project="",
        revision=revision,
        url="https://git.example.com/acme/x.git",
        path="apps/web",
        target_revision="31.*",
    )


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$ARGOCD_APP_NAME", "team-a_web"),
        ("${ARGOCD_APP_NAMESPACE}/x", "web/x"),
        ("$ARGOCD_APP_PROJECT_NAME", "default"),
        ("$ARGOCD_APP_REVISION", COMMIT),
        ("$ARGOCD_APP_REVISION_SHORT", "0123456"),
        ("$ARGOCD_APP_REVISION_SHORT_8", "01234567"),
        ("$ARGOCD_APP_SOURCE_PATH", "apps/web"),
        ("$ARGOCD_APP_SOURCE_REPO_URL", "https://git.example.com/acme/x.git"),
        ("$ARGOCD_APP_SOURCE_TARGET_REVISION", "31.*"),
        # Argo CD sets this for plugins only.
        ("a$KUBE_VERSION-$KUBE_API_VERSIONS-$HOME", "a--"),
        ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
        ("$ARGOCD_APP_NAMES", ""),
        ("${ARGOCD_APP_NAME:-x}", ""),
        ("${ARGOCD_APP_NAME", "ARGOCD_APP_NAME"),
        ("5$ and $-x $1x", "5$ and x x"),
        ("no variable", "no variable"),
    ],
)
def test_variables_are_replaced_as_go_expands_them(text, expanded):
    assert environment().expand(text) == expanded


@pytest.mark.parametrize("name", ["ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8"])
def test_an_unknown_revision_is_never_empty_text(name):
    with pytest.raises(UnknownVariableError, match=name):
        environment(revision=None).expand(f"x-${name}")
    assert environment(revision=None).expand("$$ARGOCD_APP_REVISION") == "$ARGOCD_APP_REVISION"
