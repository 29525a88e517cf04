"""The variables that people already have set: tokens, the config repo, reviewers, the committer.

The project's own names win, then the forges' usual ones, then those of the platform's earlier scripts.
A token is only ever given out for the forge and host it belongs to.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.git.commit import Identity
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Origin, Token, TokenVariable, is_at

Environ = Mapping[str, str]
T = TypeVar("T")

_USERS = {ForgeKind.GITHUB: "x-access-token", ForgeKind.GITLAB: "oauth2", ForgeKind.GITEA: "oauth2"}


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and the name of the variable it came from."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class _Source:
    """A variable that may hold a token, and for which forge and host it counts; `where` describes that for users."""

    name: str
    counts: Callable[[ForgeKind, Remote, Environ], bool]
    where: str
    for_api: bool = True


def _any(_kind: ForgeKind, _remote: Remote, _environ: Environ) -> bool:
    return True


def _github_com(kind: ForgeKind, remote: Remote, _environ: Environ) -> bool:
    is_cloud = remote.host == "github.com" or remote.host.endswith(".ghe.com")
    return kind is ForgeKind.GITHUB and is_cloud and is_at(remote, f"https://{remote.host}")


def _github_enterprise(kind: ForgeKind, remote: Remote, _environ: Environ) -> bool:
    return kind is ForgeKind.GITHUB and remote.host != "github.com" and not remote.host.endswith(".ghe.com")


def _github_any(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    is_server = kind is ForgeKind.GITHUB and is_at(remote, environ.get("GITHUB_SERVER_URL", ""))
    return is_server or _github_com(kind, remote, environ)


def _workflow_token(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    """Return whether a workflow's token counts: only on the server that runs the workflow, of any kind."""
    runs_on = ForgeKind.GITEA if is_gitea_actions(environ) else ForgeKind.GITHUB
    return kind is runs_on and is_at(remote, environ.get("GITHUB_SERVER_URL") or "https://github.com")


def _gitlab(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    pinned = environ.get("GITLAB_HOST", "")
    return kind is ForgeKind.GITLAB and (not pinned or is_at(remote, pinned))


def _gitea(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    pinned = environ.get("GITEA_SERVER_URL", "")
    return kind is ForgeKind.GITEA and (not pinned or is_at(remote, pinned))


def _gitlab_job(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    return kind is ForgeKind.GITLAB and is_at(remote, gitlab_server(environ))


def gitlab_server(environ: Environ) -> str:
    """Return the address of the GitLab that runs the job, empty if none does."""
    host = environ.get("CI_SERVER_HOST", "")
    port = environ.get("CI_SERVER_PORT", "")
    own = f"{environ.get('CI_SERVER_PROTOCOL') or 'https'}://{host}{port and f':{port}'}"
    return environ.get("CI_SERVER_URL") or (own if host else "")


def _config_repo_url(kind: ForgeKind, remote: Remote, environ: Environ) -> bool:
    address = environ.get("KUBERNETES_CONFIG_REPO_URL")
    if not address:
        return kind is ForgeKind.GITLAB
    named = Remote.parse(address)
    return named.host == remote.host and Origin.of_repository(named) == Origin.of_repository(remote)


# In order: the first that is set and counts is taken.
_SOURCES = (
    _Source("KUBEAID_CI_TOKEN", _any, "the config repo"),
    _Source("GH_TOKEN", _github_com, "github.com and *.ghe.com"),
    _Source("GH_ENTERPRISE_TOKEN", _github_enterprise, "GitHub Enterprise Server"),
    _Source("GITLAB_TOKEN", _gitlab, "GitLab, and there for the host in GITLAB_HOST where that is set"),
    _Source("GITEA_TOKEN", _gitea, "Gitea and Forgejo, and there for the host in GITEA_SERVER_URL where that is set"),
    _Source("FORGEJO_TOKEN", _gitea, "Gitea and Forgejo, and there for the host in GITEA_SERVER_URL where that is set"),
    _Source("API_TOKEN_GITHUB", _github_any, "github.com, *.ghe.com and the GitHub that runs the job"),
    _Source(
        "KUBERNETES_CONFIG_REPO_TOKEN", _config_repo_url, "the host in KUBERNETES_CONFIG_REPO_URL, unset for any GitLab"
    ),
    _Source("GITHUB_TOKEN", _workflow_token, "the server that runs the workflow"),
    # It can clone, and push where the project allows it, but not open merge requests.
    _Source("CI_JOB_TOKEN", _gitlab_job, "Git on the GitLab that runs the job", for_api=False),
)
_GIT_ALONE = _Source("KUBEAID_CI_GIT_TOKEN", _any, "Git on the config repo", for_api=False)

# Variables of the platform's earlier scripts, and their new names.
OLD_NAMES: Mapping[str, str] = {
    "API_TOKEN_GITHUB": "KUBEAID_CI_TOKEN",
    "KUBERNETES_CONFIG_REPO_TOKEN": "KUBEAID_CI_TOKEN",
    "OBMONDO_DEPLOY_REPO_TARGET": "KUBEAID_CI_CONFIG_REPO",
    "KUBERNETES_CONFIG_REPO_URL": "KUBEAID_CI_CONFIG_REPO",
    "OBMONDO_DEPLOY_REPO_TARGET_BRANCH": "KUBEAID_CI_BASE",
    "OBMONDO_DEPLOY_TARGET_BRANCH": "KUBEAID_CI_BASE",
    "OBMONDO_DEPLOY_PULL_REQUEST_REVIEWERS": "KUBEAID_CI_REVIEWERS",
    "INPUT_GIT_USER_NAME": "KUBEAID_CI_AUTHOR",
    "INPUT_GIT_USER_EMAIL": "KUBEAID_CI_AUTHOR",
}


def forge_token(remote: Remote, kind: ForgeKind, environ: Environ, *, target: bool = True) -> Token | None:
    """Return the token for the forge's API, or nothing.

    `target` is true if the remote is the one to publish to: the project's own variables are only for
    it, so that a second repository on another host never sees them.
    """
    return _first([source for source in _sources(target) if source.for_api], remote, kind, environ)


def git_token(remote: Remote, kind: ForgeKind, environ: Environ, *, target: bool = True) -> Token | None:
    """Return the token to clone and push with, or nothing; `target` as for `forge_token`."""
    own = [_GIT_ALONE] if target else []
    return _first([*own, *_sources(target)], remote, kind, environ)


def token_variables(kind: ForgeKind, remote: Remote, environ: Environ) -> tuple[str, ...]:
    """Return the names of the variables that are looked at for a forge's API, best first; for messages."""
    return tuple(source.name for source in _SOURCES if source.for_api and source.counts(kind, remote, environ))


def tokens_set(remote: Remote, kind: ForgeKind, environ: Environ) -> tuple[TokenVariable, ...]:
    """Return the set variables that may hold a token, best first: what each is used for at this remote, or why not."""
    sources = (_GIT_ALONE, *_SOURCES)
    api = _taken([source for source in _SOURCES if source.for_api], remote, kind, environ) if kind in _USERS else None
    git = _taken(sources, remote, kind, environ) if remote.scheme in ("https", "http") else None
    return tuple(
        TokenVariable(
            source.name,
            api=source is api,
            git=source is git,
            unused="" if source in (api, git) else _why_not(source, git or api, remote, kind, environ),
            malformed=source in (api, git) and _is_malformed(environ[source.name].strip()),
        )
        for source in sources
        if source.name in environ
    )


def old_names(environ: Environ) -> Mapping[str, str]:
    """Return those variables of the platform's earlier scripts that are set, each with its new name."""
    return {name: new for name, new in OLD_NAMES.items() if environ.get(name, "").strip()}


def _why_not(source: _Source, taken: _Source | None, remote: Remote, kind: ForgeKind, environ: Environ) -> str:
    if not environ[source.name].strip():
        return "it is empty, as in a job that may not see the secret"
    if not _counts(source, remote, kind, environ):
        return f"it counts for {source.where}"
    if taken is None or (remote.scheme not in ("https", "http") and not source.for_api):
        return "Git reaches the repository over SSH, with a key and no token"
    return f"{taken.name} comes first"


def _sources(target: bool) -> list[_Source]:  # noqa: FBT001 - passed by its two callers, by name there
    return [source for source in _SOURCES if target or source.counts is not _any]


def _first(sources: list[_Source], remote: Remote, kind: ForgeKind, environ: Environ) -> Token | None:
    source = _taken(sources, remote, kind, environ)
    if source is None:
        return None
    secret = environ[source.name].strip()
    if _is_malformed(secret):
        raise UserError(f"{source.name}: contains whitespace or non-ASCII characters")
    user = "gitlab-ci-token" if source.name == "CI_JOB_TOKEN" else _USERS.get(kind, "x-access-token")
    return Token(secret, source.name, user)


def _taken(sources: Iterable[_Source], remote: Remote, kind: ForgeKind, environ: Environ) -> _Source | None:
    return next(
        (
            source
            for source in sources
            if environ.get(source.name, "").strip() and _counts(source, remote, kind, environ)
        ),
        None,
    )


def _counts(source: _Source, remote: Remote, kind: ForgeKind, environ: Environ) -> bool:
    return bool(remote.host) and source.counts(kind, remote, environ)


def _is_malformed(secret: str) -> bool:
    return any(ord(letter) <= 32 or ord(letter) > 126 for letter in secret)


def is_gitea_actions(environ: Environ) -> bool:
    """True inside a job of Gitea's or Forgejo's Actions, which also set GitHub's variables."""
    return any(environ.get(name) == "true" for name in ("GITEA_ACTIONS", "FORGEJO_ACTIONS"))


def config_repo(environ: Environ) -> Found[str] | None:
    """Return the address of the config repo that the environment names, or nothing."""
    for name in ("KUBEAID_CI_CONFIG_REPO", "OBMONDO_DEPLOY_REPO_TARGET", "KUBERNETES_CONFIG_REPO_URL"):
        value = environ.get(name, "").strip()
        if value and name == "OBMONDO_DEPLOY_REPO_TARGET" and value.count("/") == 1 and ":" not in value:
            server = environ.get("GITHUB_SERVER_URL", "").rstrip("/") or "https://github.com"
            return Found(f"{server}/{value}", name)
        if value:
            return Found(value, name)
    return None


def base_branch(environ: Environ) -> Found[str] | None:
    """Return the branch to propose to that the environment names, or nothing: then it is the remote's default."""
    for name in ("OBMONDO_DEPLOY_REPO_TARGET_BRANCH", "OBMONDO_DEPLOY_TARGET_BRANCH"):
        if value := environ.get(name, "").strip():
            return Found(value, name)
    return None


def reviewers(environ: Environ) -> Found[tuple[tuple[str, ...], tuple[str, ...]]] | None:
    """People and teams (``@org/team`` or ``org/team`` in the list) as reviewers, or None."""
    name = "OBMONDO_DEPLOY_PULL_REQUEST_REVIEWERS"
    names = [part.strip().removeprefix("@") for part in environ.get(name, "").split(",")]
    people = tuple(part for part in names if part and "/" not in part)
    teams = tuple(part for part in names if "/" in part)
    return Found((people, teams), name) if people or teams else None


def committer(environ: Environ) -> Found[Identity] | None:
    """Return the committer that the environment names, or nothing. Both parts have to be set."""
    name = environ.get("INPUT_GIT_USER_NAME", "").strip()
    email = environ.get("INPUT_GIT_USER_EMAIL", "").strip()
    if not name or not email:
        return None
    return Found(Identity.parse(f"{name} <{email}>"), "INPUT_GIT_USER_NAME, INPUT_GIT_USER_EMAIL")
