"""Which forge a repository is on, told from its host and never from a word that happens to be in the address."""

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.net.address import Remote


def found(
    address: str, environ: dict[str, str] | None = None, kind: str = "auto", url: str | None = None
) -> ForgeAddress:
    return detect(Remote.parse(address), environ or {}, kind=ForgeKind.parse(kind), forge_url=url)


@pytest.mark.parametrize(
    ("address", "kind", "api"),
    [
        ("https://github.com/acme/config", ForgeKind.GITHUB, "https://api.github.com"),
        ("git@github.com:acme/config.git", ForgeKind.GITHUB, "https://api.github.com"),
        ("https://acme.ghe.com/acme/config", ForgeKind.GITHUB, "https://api.acme.ghe.com"),
        ("https://gitlab.com/acme/config", ForgeKind.GITLAB, "https://gitlab.com/api/v4"),
        ("https://codeberg.org/acme/config", ForgeKind.GITEA, "https://codeberg.org/api/v1"),
        ("https://gitea.com/acme/config", ForgeKind.GITEA, "https://gitea.com/api/v1"),
        # Words of other forges in the path say nothing.
        ("https://github.com/gitlab-fans/gitea", ForgeKind.GITHUB, "https://api.github.com"),
        ("https://gitlab.com/github/config", ForgeKind.GITLAB, "https://gitlab.com/api/v4"),
    ],
)
def test_well_known_hosts_are_known(address: str, kind: ForgeKind, api: str) -> None:
    assert (found(address).kind, found(address).api) == (kind, api)


@pytest.mark.parametrize("address", ["https://git.example.com/a/b", "https://gitlab.example.com/a/b"])
def test_self_hosted_forge_is_asked_for_and_not_guessed(address: str) -> None:
    with pytest.raises(UserError, match="--forge github, gitlab or gitea"):
        found(address)


def test_path_on_this_machine_takes_a_branch_alone() -> None:
    assert found("/srv/config.git").kind is ForgeKind.NONE


@pytest.mark.parametrize(
    ("environ", "kind", "api"),
    [
        ({"GITHUB_SERVER_URL": "https://git.example.com"}, ForgeKind.GITHUB, "https://git.example.com/api/v3"),
        (
            {"GITHUB_SERVER_URL": "https://git.example.com", "GITEA_ACTIONS": "true"},
            ForgeKind.GITEA,
            "https://git.example.com/api/v1",
        ),
        (
            {"GITHUB_SERVER_URL": "https://git.example.com", "FORGEJO_ACTIONS": "true"},
            ForgeKind.GITEA,
            "https://git.example.com/api/v1",
        ),
        ({"CI_SERVER_URL": "https://git.example.com"}, ForgeKind.GITLAB, "https://git.example.com/api/v4"),
        ({"CI_SERVER_HOST": "git.example.com"}, ForgeKind.GITLAB, "https://git.example.com/api/v4"),
    ],
)
def test_job_knows_the_forge_that_runs_it(environ: dict[str, str], kind: ForgeKind, api: str) -> None:
    told = found("https://git.example.com/a/b", environ)
    assert (told.kind, told.api) == (kind, api)


def test_job_of_one_forge_says_nothing_of_another_host() -> None:
    with pytest.raises(UserError):
        found("https://other.example.com/a/b", {"GITHUB_SERVER_URL": "https://git.example.com"})


@pytest.mark.parametrize(
    ("kind", "url", "api"),
    [
        # The API's path is added where it was left out.
        ("gitea", "https://git.example.com", "https://git.example.com/api/v1"),
        ("forgejo", "https://git.example.com/api/v1/", "https://git.example.com/api/v1"),
        ("gitlab", "https://git.example.com:8443/below", "https://git.example.com:8443/below/api/v4"),
        ("github", "https://api.git.example.com", "https://api.git.example.com"),
        # It also tells the kind.
        ("auto", "https://git.example.com/api/v4", "https://git.example.com/api/v4"),
    ],
)
def test_address_of_the_api_may_be_said(kind: str, url: str, api: str) -> None:
    assert found("ssh://git@git.example.com:2222/a/b.git", kind=kind, url=url).api == api


@pytest.mark.parametrize("url", ["git.example.com", "ftp://git.example.com", "https://me:secret@git.example.com"])
def test_address_of_the_api_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="--forge-url") as caught:
        found("https://git.example.com/a/b", kind="gitea", url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("spelling", ["it/sub/cfg", "it/sub/cfg.git", "it/sub/cfg/"])
def test_project_is_named_whole_with_or_without_git_at_its_end(spelling: str) -> None:
    told = found(f"https://gitlab.com/{spelling}")
    assert (told.project, told.web) == ("it/sub/cfg", "https://gitlab.com/it/sub/cfg")


def test_forge_below_a_path_has_its_own_project_names() -> None:
    told = found("https://example.com/gitlab/it/cfg", {"CI_SERVER_URL": "https://example.com/gitlab"})
    assert (told.api, told.project) == ("https://example.com/gitlab/api/v4", "it/cfg")
    assert told.web == "https://example.com/gitlab/it/cfg"


def test_port_of_http_is_kept_and_that_of_ssh_is_not() -> None:
    assert found("https://git.example.com:8443/a/b", kind="gitea").api == "https://git.example.com:8443/api/v1"
    assert found("ssh://git@git.example.com:2222/a/b", kind="gitea").api == "https://git.example.com/api/v1"
