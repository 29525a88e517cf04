"""Detects the forge of a repository from its address and the job's environment, without network."""

from urllib.parse import urlsplit

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.environment import Environ, gitlab_server, is_gitea_actions
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import is_at

_KNOWN = {
    "github.com": ForgeKind.GITHUB,
    "gitlab.com": ForgeKind.GITLAB,
    "codeberg.org": ForgeKind.GITEA,
    "gitea.com": ForgeKind.GITEA,
}
_API = {ForgeKind.GITHUB: "/api/v3", ForgeKind.GITLAB: "/api/v4", ForgeKind.GITEA: "/api/v1"}


def detect(
    remote: Remote, environ: Environ, *, kind: ForgeKind | None = None, forge_url: str | None = None
) -> ForgeAddress:
    """Return the forge of a repository; `kind` and `forge_url` (the base of the API) are the user's settings.

    Raises `UserError` with what to add if the kind or the address is unknown.
    """
    kind = kind or _kind(remote, environ, forge_url)
    if kind is ForgeKind.NONE:
        return ForgeAddress(kind, "", remote, remote.owner_and_name, remote.web_url)
    api = _api(kind, remote, environ, forge_url)
    root = _root(kind, remote, api)
    # A forge below a path, such as https://example.com/gitlab: the path is no part of the project's name.
    below = urlsplit(root).path.strip("/")
    project = remote.owner_and_name.removeprefix(f"{below}/") if below else remote.owner_and_name
    return ForgeAddress(kind, api, remote, project, f"{root}/{project}")


def _kind(remote: Remote, environ: Environ, forge_url: str | None) -> ForgeKind:
    if remote.is_local:
        return ForgeKind.NONE
    if forge_url:
        path = urlsplit(forge_url).path.rstrip("/")
        named = [kind for kind, end in _API.items() if path.endswith(end)]
        if named:
            return named[0]
    elif is_at(remote, f"https://{remote.host}") and (known := _known(remote.host)):
        return known
    elif is_at(remote, environ.get("GITHUB_SERVER_URL", "")):
        return ForgeKind.GITEA if is_gitea_actions(environ) else ForgeKind.GITHUB
    elif is_at(remote, gitlab_server(environ)):
        return ForgeKind.GITLAB
    raise UserError(
        f"{remote}: unknown type of forge; add --forge github, gitlab or gitea (also for Forgejo), "
        "or --forge none to push the branch only"
    )


def _known(host: str) -> ForgeKind | None:
    return ForgeKind.GITHUB if host.endswith(".ghe.com") else _KNOWN.get(host)


def _api(kind: ForgeKind, remote: Remote, environ: Environ, forge_url: str | None) -> str:
    if forge_url:
        return _checked(forge_url, kind)
    if kind is ForgeKind.GITHUB and remote.host == "github.com":
        return "https://api.github.com"
    if kind is ForgeKind.GITHUB and remote.host.endswith(".ghe.com"):
        return f"https://api.{remote.host}"
    server = environ.get("CI_SERVER_URL" if kind is ForgeKind.GITLAB else "GITHUB_SERVER_URL", "")
    own = server.rstrip("/") if is_at(remote, server) else _origin(remote)
    return f"{own}{_API[kind]}"


def _checked(forge_url: str, kind: ForgeKind) -> str:
    parts = urlsplit(forge_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        raise UserError("--forge-url: give the base of the API, such as https://git.example.com/api/v4")
    url = forge_url.rstrip("/")
    is_base = url.endswith(_API[kind]) or (kind is ForgeKind.GITHUB and parts.hostname.startswith("api."))
    return url if is_base else f"{url}{_API[kind]}"


def _root(kind: ForgeKind, remote: Remote, api: str) -> str:
    """Return the address of the forge's pages."""
    return api.removesuffix(_API[kind]) if api.endswith(_API[kind]) else _origin(remote)


def _origin(remote: Remote) -> str:
    """``https://host:port`` of a remote; the port of another protocol than HTTP is ignored."""
    return remote.web_url.removesuffix(f"/{remote.owner_and_name}")
