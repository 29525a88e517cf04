"""Checks of the machine, the two repositories and the forge, from what was found there."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kubeaid_ci.checkup import rules
from kubeaid_ci.checkup.result import Area, Check, NotReached, Refused, State, Tool
from kubeaid_ci.checkup.rules import failed, not_checked, ok
from kubeaid_ci.config_repo.cluster import ClusterInfo
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.net.credentials import Access, TokenVariable

_MOST_NAMES = 5
_FORGES = {
    ForgeKind.GITHUB: "GitHub",
    ForgeKind.GITLAB: "GitLab",
    ForgeKind.GITEA: "Gitea or Forgejo",
}


def python(version: str, own: str) -> Check:
    """Report the versions of Python and kubeaid-ci; an older Python could not have installed it."""
    return ok(Area.MACHINE, "Python", f"{version}, kubeaid-ci {own}")


def tool(found: Tool) -> Check:
    """Check that a program or package is installed and new enough."""
    if found.version is None:
        rule = rules.TOOL_UNFIT if found.needed else rules.TOOL_MISSING
        return failed(rule, Area.MACHINE, found.name, f"not installed; it is needed to {found.use}", found.install)
    if found.at_least and () < _numbers(found.version) < _numbers(found.at_least):
        rule = rules.TOOL_UNFIT if found.needed else rules.TOOL_MISSING
        detail = f"{found.version} is too old to {found.use}"
        return failed(rule, Area.MACHINE, found.name, detail, f"install {found.at_least} or later")
    return ok(Area.MACHINE, found.name, found.version)


def cache(folder: str, size: int, trouble: str | None) -> Check:
    """Check that the cache can be written."""
    if trouble:
        advice = "make it writable, or name another with KUBEAID_CI_CACHE"
        return failed(rules.CACHE_UNUSABLE, Area.MACHINE, "cache", f"{folder}: {trouble}", advice)
    return ok(Area.MACHINE, "cache", f"{folder} ({_bytes(size)})")


def ca_bundle(path: str, *, there: bool) -> Check:
    """Check that the file of CA certificates exists."""
    if there:
        return ok(Area.MACHINE, "ca-bundle", path)
    return failed(rules.FILE_MISSING, Area.MACHINE, "ca-bundle", f"{path}: no such file", "correct --ca-bundle")


def proxies(found: Mapping[str, str]) -> Iterator[Check]:
    """Yield a check with the proxies for outgoing requests, if any is set."""
    if found:
        yield ok(Area.MACHINE, "proxy", ", ".join(f"{name} {value}" for name, value in found.items()))


def no_repository(area: Area, why: str, advice: str = "") -> Check:
    """Report a repository that does not exist or is not one."""
    return failed(rules.REPOSITORY_MISSING, area, "repository", why, advice)


def not_cloned(answer: NotReached) -> Check:
    """Report a config repo that could be reached, but not cloned."""
    return failed(rules.NOT_REACHED, Area.CONFIG_REPO, "repository", answer.detail)


def settings(area: Area, path: str, error: str | None) -> Check:
    """Check that the settings file of a repository can be read."""
    if error:
        return failed(rules.SETTINGS_INVALID, area, "settings", error)
    return ok(area, "settings", path)


def clusters(found: Sequence[ClusterInfo], broken: Sequence[Finding]) -> Check:
    """Count the clusters; `broken` are the findings about clusters or folders with errors."""
    detail = f"{len(found)}: {names([one.name for one in found])}"
    if broken:
        subjects = sorted({finding.subject for finding in broken})
        detail = f"{len(found)}; not well: {names(subjects)}"
        return Check(Area.CONFIG_REPO, "clusters", State.WRONG, detail, rule=broken[0].rule.id)
    if not found:
        detail = "none: no folder below k8s/ has argocd-apps/ or a vars file"
        return failed(rules.NO_CLUSTERS, Area.CONFIG_REPO, "clusters", detail)
    return ok(Area.CONFIG_REPO, "clusters", detail)


def kubernetes_versions(found: Sequence[ClusterInfo]) -> Check:
    """Return which versions of Kubernetes the clusters run, and for which the default counts."""
    versions = Counter(cluster.kubernetes_version for cluster in found if cluster.kubernetes_version_from != "default")
    known = ", ".join(f"{version} × {count}" if count > 1 else version for version, count in sorted(versions.items()))
    unset = [cluster for cluster in found if cluster.kubernetes_version_from == "default"]
    if not unset:
        return ok(Area.CONFIG_REPO, "Kubernetes", known or "none")
    default = f"{unset[0].kubernetes_version} by default for {names([one.name for one in unset])}"
    advice = "set clusters.NAME.kubernetes-version in .kubeaid-ci.yaml, or cluster.k8sVersion in the general settings"
    detail = "; ".join(part for part in (known, default) if part)
    return failed(rules.KUBERNETES_VERSION_UNSET, Area.CONFIG_REPO, "Kubernetes", detail, advice)


def applications(found: Sequence[ClusterInfo]) -> Check:
    """Count the Applications of the clusters."""
    count = sum(len(cluster.applications) for cluster in found)
    without = [cluster.name for cluster in found if not cluster.applications]
    return ok(Area.CONFIG_REPO, "Applications", f"{count}" + (f"; none in {names(without)}" if without else ""))


def origin(folder: str, url: str | None = None, *, secret: bool = False, trouble: str | None = None) -> Check:
    """Check the origin of the config repo. `secret` is true if its address in the Git settings holds a secret."""
    if trouble or url is None:
        advice = "clone it, or name the repository by its address"
        return failed(rules.NO_ORIGIN, Area.CONFIG_REPO, "origin", trouble or "none, so nothing to publish to", advice)
    if secret:
        detail = f"{url}, with a user or token in the address"
        advice = f"git -C {folder} remote set-url origin {url}"
        return failed(rules.SECRET_IN_ADDRESS, Area.CONFIG_REPO, "origin", detail, advice)
    return ok(Area.CONFIG_REPO, "origin", url)


def kubeaid(folder: str, revision: str | None, origin: str | None) -> Check:
    """Report the KubeAid revision."""
    known = [part for part in (revision, f"from {origin}" if origin else None) if part]
    return ok(Area.KUBEAID_REPO, "repository", f"{folder} ({', '.join(known) or 'no Git repository'})")


def charts(count: int) -> Check:
    """Count the umbrella charts."""
    return ok(Area.KUBEAID_REPO, "charts", str(count))


def releases(there: Sequence[str], lacking: Mapping[str, Sequence[str]]) -> Check:
    """Check that the release of each cluster is vendored; `lacking` has the clusters by missing release."""
    if not lacking:
        return ok(Area.KUBEAID_REPO, "releases", ", ".join(there) or "none")
    missing = "; ".join(f"{release} ({names(clusters)})" for release, clusters in sorted(lacking.items()))
    advice = f"set kube_prometheus_version to an available release: {', '.join(there) or 'none'}"
    return failed(rules.RELEASE_MISSING, Area.KUBEAID_REPO, "releases", f"no library for {missing}", advice)


def clusters_unknown() -> Iterator[Check]:
    """Yield the checks of the KubeAid repo that need the clusters, if the config repo could not be read."""
    for name in ("releases", "pinned revisions"):
        yield not_checked(Area.KUBEAID_REPO, name, "the clusters are not known")


def history(tags: int, *, shallow: bool, folder: str) -> Check:
    """Check that the KubeAid repo has tags and its full history."""
    detail = f"{tags} tags" + (", a shallow clone" if shallow else "")
    if tags and not shallow:
        return ok(Area.KUBEAID_REPO, "history", detail)
    advice = f"git -C {folder} fetch {'--unshallow ' if shallow else ''}--tags origin"
    return failed(rules.HISTORY_CUT, Area.KUBEAID_REPO, "history", detail, advice)


def pinned(count: int, lacking: Mapping[str, str], *, used: bool) -> Check:
    """Check that the KubeAid revision of each cluster can be found; `lacking` has the reason by cluster if not.

    Builds need it only if `used`.
    """
    if not lacking:
        return ok(Area.KUBEAID_REPO, "pinned revisions", f"{count} found")
    first = next(iter(lacking.values()))
    more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    detail = f"{count} found, not for {names(list(lacking))}: {first}{more}"
    found = failed(rules.REVISION_MISSING, Area.KUBEAID_REPO, "pinned revisions", detail)
    return rules.as_error(found) if used else found


def forge(address: ForgeAddress | UserError) -> Check:
    """Report the forge of the config repo."""
    match address:
        case UserError():
            return failed(rules.FORGE_UNKNOWN, Area.FORGE, "kind", str(address))
        case ForgeAddress(kind=ForgeKind.NONE):
            return ok(Area.FORGE, "kind", "none (push only, no pull request)")
        case ForgeAddress(kind, api):
            return ok(Area.FORGE, "kind", f"{_FORGES[kind]} at {api}")


def base(branch: str, url: str) -> Check:
    """Report a missing base branch."""
    detail = f"{url} has no branch {branch}"
    return failed(rules.BRANCH_MISSING, Area.FORGE, "base", detail, "correct --base, or leave it out")


def change_request(url: str | None, branch: str) -> Check:
    """Report the open change request."""
    return ok(Area.FORGE, "change request", url or f"none open from {branch}")


def old_variables(found: Mapping[str, str]) -> Iterator[Check]:
    """Yield a check with the old variables that are set, each with its new name."""
    if found:
        renamed = ", ".join(f"{name} (now {new})" for name, new in found.items())
        yield failed(rules.OLD_VARIABLE, Area.FORGE, "old names", renamed)


def token_variables(found: Sequence[TokenVariable], *, needed: Sequence[str]) -> Iterator[Check]:
    """Yield a check for each variable that may hold a token: its use, or why it is not used.

    `needed` are the variables that would do for the forge's API; empty if no request is opened.
    """
    for one in found:
        yield _token_variable(one)
    if needed and not any(variable.api for variable in found):
        advice = f"set one of {', '.join(needed)}"
        yield failed(rules.TOKEN_MISSING, Area.FORGE, "token", "none to open change requests with", advice)


def _token_variable(variable: TokenVariable) -> Check:
    if variable.malformed:
        detail = "set, but contains whitespace or non-ASCII characters"
        return failed(rules.TOKEN_MALFORMED, Area.FORGE, variable.name, detail, "set it again")
    if variable.unused:
        return failed(rules.TOKEN_UNUSED, Area.FORGE, variable.name, f"set, but not used here: {variable.unused}")
    uses = [use for use, wanted in (("the API", variable.api), ("Git", variable.git)) if wanted]
    return ok(Area.FORGE, variable.name, f"set; used for {' and '.join(uses)}")


def reading(area: Area, url: str, answer: str | Refused | NotReached | None, needs: str) -> Check:
    """Check that a remote can be read; `answer` is its default branch or the error, `needs` what a token needs."""
    match answer:
        case Refused(detail):
            return failed(rules.ACCESS_MISSING, area, "remote", f"{url}: {detail}: may not be read", needs)
        case NotReached(detail):
            return failed(rules.NOT_REACHED, area, "remote", detail)
        case None:
            return failed(rules.BRANCH_MISSING, area, "remote", f"{url} has no default branch", "push a first commit")
    return ok(area, "remote", f"{url}, default branch {answer}")


def pushing(refusal: Refused | NotReached | None, *, who: str, needs: str) -> Check:
    """Check that Git may push, without pushing; rules for single branches show only at a push."""
    match refusal:
        case Refused(detail):
            return failed(rules.ACCESS_MISSING, Area.FORGE, "push", f"{detail}: {who} may not push", needs)
        case NotReached(detail):
            return failed(rules.NOT_REACHED, Area.FORGE, "push", detail)
    return ok(Area.FORGE, "push", f"{who} may push")


def requesting(answer: Access | Refused | NotReached, *, who: str, needs: str) -> Check:
    """Check that the token may open change requests, as far as the forge reports it beforehand."""
    match answer:
        case Refused(detail):
            return failed(rules.ACCESS_MISSING, Area.FORGE, "API", detail)
        case NotReached(detail):
            return failed(rules.NOT_REACHED, Area.FORGE, "API", detail)
        case Access(_, _, push, requests, detail):
            rights = f"{who}: read yes, push {_answer(push)}, change requests {_answer(requests)} ({detail})"
            if push is False or requests is False:
                return failed(rules.ACCESS_MISSING, Area.FORGE, "API", rights, needs)
            return ok(Area.FORGE, "API", rights)


def _answer(may: bool | None) -> str:  # noqa: FBT001 - the answer of the forge, passed on
    return {True: "yes", False: "no", None: "unknown until tried"}[may]


def names(found: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = len(found) - _MOST_NAMES
    return ", ".join(found[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with. Git for Windows and macOS adds words and a fourth part."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _bytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB" if size < 1024**3 else f"{size / 1024**3:.1f} GiB"
