"""The variables that people already have set: what each is taken for, and where a token is not given out."""

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge import environment
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net.address import Remote

GITHUB = Remote.parse("https://github.com/acme/config")
GITLAB = Remote.parse("https://gitlab.com/acme/config")
GITEA = Remote.parse("https://codeberg.org/acme/config")
GHES = Remote.parse("https://git.example.com/acme/config")

KINDS_OF_TOKEN = [
    "ghp_0123456789abcdefABCDEF0123456789abcd",
    "github_pat_11AAAAAAA0123456789_abcdefghijklmnopqrstuvwxyz",
    "ghs_0123456789abcdefABCDEF0123456789abcd",
    "gho_0123456789abcdefABCDEF0123456789abcd",
    "0123456789abcdef0123456789abcdef01234567",
]


def api(remote: Remote, kind: ForgeKind, environ: dict[str, str]) -> str | None:
    token = environment.forge_token(remote, kind, environ)
    return token.source if token else None


def git(remote: Remote, kind: ForgeKind, environ: dict[str, str], *, target: bool = True) -> str | None:
    token = environment.git_token(remote, kind, environ, target=target)
    return token.source if token else None


@pytest.mark.parametrize("secret", KINDS_OF_TOKEN)
def test_any_kind_of_github_token_will_do(secret: str) -> None:
    token = environment.forge_token(GITHUB, ForgeKind.GITHUB, {"API_TOKEN_GITHUB": secret})
    assert token is not None
    assert token.secret == secret


@pytest.mark.parametrize(
    ("variable", "remote", "kind", "environ"),
    [
        ("KUBEAID_CI_TOKEN", GHES, ForgeKind.GITEA, {}),
        ("GH_TOKEN", GITHUB, ForgeKind.GITHUB, {}),
        ("GH_TOKEN", Remote.parse("https://acme.ghe.com/a/b"), ForgeKind.GITHUB, {}),
        ("GH_ENTERPRISE_TOKEN", GHES, ForgeKind.GITHUB, {}),
        ("GITLAB_TOKEN", GITLAB, ForgeKind.GITLAB, {}),
        ("GITLAB_TOKEN", GHES, ForgeKind.GITLAB, {"GITLAB_HOST": "https://git.example.com"}),
        ("GITEA_TOKEN", GITEA, ForgeKind.GITEA, {}),
        ("FORGEJO_TOKEN", GITEA, ForgeKind.GITEA, {}),
        ("API_TOKEN_GITHUB", GITHUB, ForgeKind.GITHUB, {}),
        ("API_TOKEN_GITHUB", GHES, ForgeKind.GITHUB, {"GITHUB_SERVER_URL": "https://git.example.com"}),
        ("KUBERNETES_CONFIG_REPO_TOKEN", GITLAB, ForgeKind.GITLAB, {}),
        ("KUBERNETES_CONFIG_REPO_TOKEN", GHES, ForgeKind.GITEA, {"KUBERNETES_CONFIG_REPO_URL": str(GHES)}),
        ("GITHUB_TOKEN", GITHUB, ForgeKind.GITHUB, {}),
        (
            "GITHUB_TOKEN",
            GHES,
            ForgeKind.GITEA,
            {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com"},
        ),
    ],
)
def test_each_variable_is_taken_at_the_forge_and_host_it_is_for(
    variable: str, remote: Remote, kind: ForgeKind, environ: dict[str, str]
) -> None:
    given = {**environ, variable: "secret"}
    assert api(remote, kind, given) == variable
    assert git(remote, kind, given) == variable


@pytest.mark.parametrize(
    ("variable", "remote", "kind", "environ"),
    [
        ("GH_TOKEN", GHES, ForgeKind.GITHUB, {}),
        ("GH_ENTERPRISE_TOKEN", GITHUB, ForgeKind.GITHUB, {}),
        ("GITLAB_TOKEN", GITHUB, ForgeKind.GITHUB, {}),
        ("GITLAB_TOKEN", GITLAB, ForgeKind.GITLAB, {"GITLAB_HOST": "git.example.com"}),
        ("GITEA_TOKEN", GITLAB, ForgeKind.GITLAB, {}),
        ("GITEA_TOKEN", GITEA, ForgeKind.GITEA, {"GITEA_SERVER_URL": "https://git.example.com"}),
        ("API_TOKEN_GITHUB", GITLAB, ForgeKind.GITLAB, {}),
        ("API_TOKEN_GITHUB", GHES, ForgeKind.GITHUB, {}),
        ("KUBERNETES_CONFIG_REPO_TOKEN", GITHUB, ForgeKind.GITHUB, {}),
        ("KUBERNETES_CONFIG_REPO_TOKEN", GITLAB, ForgeKind.GITLAB, {"KUBERNETES_CONFIG_REPO_URL": str(GHES)}),
        ("GITHUB_TOKEN", GHES, ForgeKind.GITHUB, {}),
        ("GITHUB_TOKEN", GITHUB, ForgeKind.GITHUB, {"GITHUB_SERVER_URL": "https://git.example.com"}),
        ("CI_JOB_TOKEN", GITLAB, ForgeKind.GITLAB, {"CI_SERVER_HOST": "git.example.com"}),
        ("KUBEAID_CI_TOKEN", Remote.parse("/srv/config.git"), ForgeKind.NONE, {}),
    ],
)
def test_no_variable_is_given_to_another_forge_or_host(
    variable: str, remote: Remote, kind: ForgeKind, environ: dict[str, str]
) -> None:
    given = {**environ, variable: "secret"}
    assert api(remote, kind, given) is None
    assert git(remote, kind, given) is None


def test_own_names_win_then_the_forges_then_the_old_ones_then_the_jobs_own() -> None:
    order = ["KUBEAID_CI_TOKEN", "GH_TOKEN", "API_TOKEN_GITHUB", "GITHUB_TOKEN"]
    environ = dict.fromkeys(order, "secret")
    for variable in order:
        assert api(GITHUB, ForgeKind.GITHUB, environ) == variable
        del environ[variable]
    assert api(GITHUB, ForgeKind.GITHUB, environ) is None


def test_another_token_may_push() -> None:
    environ = {"KUBEAID_CI_TOKEN": "a", "KUBEAID_CI_GIT_TOKEN": "b"}
    assert git(GITHUB, ForgeKind.GITHUB, environ) == "KUBEAID_CI_GIT_TOKEN"
    assert api(GITHUB, ForgeKind.GITHUB, environ) == "KUBEAID_CI_TOKEN"


def test_repository_that_is_only_read_never_sees_the_tokens_of_the_one_to_publish_to() -> None:
    environ = {"KUBEAID_CI_TOKEN": "a", "KUBEAID_CI_GIT_TOKEN": "b"}
    assert git(GITLAB, ForgeKind.GITLAB, environ, target=False) is None
    assert git(GITLAB, ForgeKind.GITLAB, {**environ, "GITLAB_TOKEN": "c"}, target=False) == "GITLAB_TOKEN"


def test_job_token_of_gitlab_is_for_git_alone() -> None:
    environ = {"CI_JOB_TOKEN": "secret", "CI_SERVER_HOST": "gitlab.com"}
    assert git(GITLAB, ForgeKind.GITLAB, environ) == "CI_JOB_TOKEN"
    assert api(GITLAB, ForgeKind.GITLAB, environ) is None


@pytest.mark.parametrize(
    ("variable", "kind", "remote", "user"),
    [
        ("KUBEAID_CI_TOKEN", ForgeKind.GITHUB, GITHUB, "x-access-token"),
        ("KUBEAID_CI_TOKEN", ForgeKind.GITLAB, GITLAB, "oauth2"),
        ("CI_JOB_TOKEN", ForgeKind.GITLAB, GITLAB, "gitlab-ci-token"),
    ],
)
def test_git_is_told_the_user_name_that_the_forge_expects(
    variable: str, kind: ForgeKind, remote: Remote, user: str
) -> None:
    token = environment.git_token(remote, kind, {variable: "secret", "CI_SERVER_HOST": "gitlab.com"})
    assert token is not None
    assert token.user == user


@pytest.mark.parametrize("secret", ["two words", "line\nbreak", "umläut"])
def test_token_that_was_copied_wrongly_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(UserError, match="API_TOKEN_GITHUB") as caught:
        environment.forge_token(GITHUB, ForgeKind.GITHUB, {"API_TOKEN_GITHUB": secret})
    assert secret not in str(caught.value)


def test_blanks_around_a_token_do_not_count() -> None:
    token = environment.forge_token(GITHUB, ForgeKind.GITHUB, {"GH_TOKEN": " secret\n"})
    assert token is not None
    assert token.secret == "secret"


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"OBMONDO_DEPLOY_REPO_TARGET": "acme/config"}, "https://github.com/acme/config"),
        (
            {"OBMONDO_DEPLOY_REPO_TARGET": "acme/config", "GITHUB_SERVER_URL": "https://git.example.com/"},
            "https://git.example.com/acme/config",
        ),
        ({"OBMONDO_DEPLOY_REPO_TARGET": "https://git.example.com/a/b"}, "https://git.example.com/a/b"),
        ({"OBMONDO_DEPLOY_REPO_TARGET": "git@git.example.com:a/b.git"}, "git@git.example.com:a/b.git"),
        ({"KUBERNETES_CONFIG_REPO_URL": "https://git.example.com/it/cfg"}, "https://git.example.com/it/cfg"),
        ({"KUBERNETES_CONFIG_REPO_URL": "x", "KUBEAID_CI_CONFIG_REPO": "y"}, "y"),
        ({"KUBERNETES_CONFIG_REPO_URL": ""}, None),
    ],
)
def test_config_repo_is_named_by_any_of_its_variables(environ: dict[str, str], address: str | None) -> None:
    found = environment.config_repo(environ)
    assert (found.value if found else None) == address


def test_base_branch_is_named_by_either_old_variable() -> None:
    assert environment.base_branch({}) is None
    for name in ("OBMONDO_DEPLOY_REPO_TARGET_BRANCH", "OBMONDO_DEPLOY_TARGET_BRANCH"):
        found = environment.base_branch({name: " release "})
        assert found is not None
        assert (found.value, found.source) == ("release", name)


def test_reviewers_are_people_and_teams() -> None:
    found = environment.reviewers({"OBMONDO_DEPLOY_PULL_REQUEST_REVIEWERS": "anna, @ben,,@acme/sre"})
    assert found is not None
    assert found.value == (("anna", "ben"), ("acme/sre",))
    assert environment.reviewers({"OBMONDO_DEPLOY_PULL_REQUEST_REVIEWERS": " , "}) is None


def test_committer_needs_both_of_its_variables() -> None:
    both = {"INPUT_GIT_USER_NAME": "Ada Bot", "INPUT_GIT_USER_EMAIL": "ada@example.com"}
    found = environment.committer(both)
    assert found is not None
    assert str(found.value) == "Ada Bot <ada@example.com>"
    assert environment.committer({"INPUT_GIT_USER_NAME": "Ada Bot"}) is None


# What is said about them


def test_every_variable_that_is_set_is_told_with_its_use_or_why_it_has_none() -> None:
    environ = {
        "KUBEAID_CI_GIT_TOKEN": "a",
        "GH_TOKEN": "b",
        "GITLAB_TOKEN": "c",
        "API_TOKEN_GITHUB": "d",
        "GITHUB_TOKEN": "",
    }
    told = {one.name: one for one in environment.tokens_set(GITHUB, ForgeKind.GITHUB, environ)}
    assert [(one.api, one.git) for one in (told["KUBEAID_CI_GIT_TOKEN"], told["GH_TOKEN"])] == [
        (False, True),
        (True, False),
    ]
    assert "counts for GitLab" in told["GITLAB_TOKEN"].unused
    assert "KUBEAID_CI_GIT_TOKEN comes first" in told["API_TOKEN_GITHUB"].unused
    assert "empty" in told["GITHUB_TOKEN"].unused


def test_token_is_of_no_use_to_git_over_ssh() -> None:
    remote = Remote.parse("git@github.com:acme/config.git")
    (told,) = environment.tokens_set(remote, ForgeKind.GITHUB, {"GH_TOKEN": "a"})
    assert (told.api, told.git) == (True, False)
    (git_alone,) = environment.tokens_set(remote, ForgeKind.GITHUB, {"KUBEAID_CI_GIT_TOKEN": "a"})
    assert "SSH" in git_alone.unused


def test_what_is_told_of_a_malformed_token_does_not_hold_it() -> None:
    (told,) = environment.tokens_set(GITHUB, ForgeKind.GITHUB, {"GH_TOKEN": "two words"})
    assert told.malformed
    assert "two words" not in repr(told)


def test_old_names_are_told_with_the_new_ones() -> None:
    environ = {"API_TOKEN_GITHUB": "a", "OBMONDO_DEPLOY_REPO_TARGET": "", "GH_TOKEN": "b"}
    assert environment.old_names(environ) == {"API_TOKEN_GITHUB": "KUBEAID_CI_TOKEN"}
