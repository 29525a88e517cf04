"""Shell completion of clusters, Applications, charts, rules and their families.

It runs at each press of TAB, so it reads names of folders and files only, from repositories on this disk. A name that a
shell would not read as one plain word is never offered: a folder of a pull request must not put commands on the line.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from kubeaid_ci.cli.repositories import enclosing_config_repo, enclosing_kubeaid

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@%+=/-]*")
_VARS = "-vars.jsonnet"
_APPLICATIONS = "argocd-apps"


def clusters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of clusters, or their folders if only these match what is typed or a name is not unique."""
    found = [(folder.name, _cluster_name(folder)) for folder in _cluster_folders(ctx)]
    names = [name for _, name in found]
    words = []
    for folder, name in found:
        is_name = name.startswith(incomplete) and names.count(name) == 1
        words.append(name if is_name else folder)
    return _offered(words, ctx, param, incomplete)


def applications(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the Applications of the clusters on the line (default: all), by the names of their files."""
    # click does not assign arguments while an option on the line still lacks its value.
    wanted = set(ctx.params.get("clusters") or ctx.args)
    folders = [each for each in _cluster_folders(ctx) if not wanted or wanted & {each.name, _cluster_name(each)}]
    files = (file for each in folders for file in _entries(each / _APPLICATIONS / "templates"))
    stems = (file.stem.removesuffix(".app") for file in files if file.suffix in (".yaml", ".yml"))
    return _offered(stems, ctx, param, incomplete)


def charts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the umbrella charts."""
    root = _option(ctx, "kubeaid") or enclosing_kubeaid()
    folders = _entries(Path(root) / "argocd-helm-charts") if root else ()
    return _offered((each.name for each in folders if (each / "Chart.yaml").is_file()), ctx, param, incomplete)


def rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the families of rules; if a slash is typed or no family matches, the ids of rules.

    In a comma-separated list the last item is completed.
    """
    from kubeaid_ci.check.families import by_family
    from kubeaid_ci.findings.registry import RULES

    items, comma, last = incomplete.rpartition(",")
    families = [] if "/" in last else _offered(by_family(RULES), ctx, param, last)
    return [f"{items}{comma}{word}" for word in families or _offered(RULES, ctx, param, last)]


def suggesting_families(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the families of checks that suggest files."""
    from kubeaid_ci.check.families import FAMILIES, suggesting

    return _offered((family for family in FAMILIES if suggesting(family)), ctx, param, incomplete)


def _offered(words: Iterable[str], ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the words that fit, sorted, without those that are on the line already."""
    value = ctx.params.get(param.name or "")
    chosen = set(value) if isinstance(value, tuple) else set()
    return sorted({word for word in words if word.startswith(incomplete) and _PLAIN.fullmatch(word)} - chosen)


def _cluster_folders(ctx: click.Context) -> Iterator[Path]:
    root = Path(_option(ctx, "config_repo") or enclosing_config_repo() or ".")
    for folder in _entries(root / "k8s"):
        names = {entry.name for entry in _entries(folder)}
        if _APPLICATIONS in names or any(name.endswith(_VARS) for name in names):
            yield folder


def _cluster_name(folder: Path) -> str:
    found = [entry.name.removesuffix(_VARS) for entry in _entries(folder) if entry.name.endswith(_VARS)]
    return found[0] if len(found) == 1 else folder.name


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder; an empty list if it cannot be read. A missing repository completes nothing."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _option(ctx: click.Context, name: str) -> str | None:
    """Return an option from the command, from before it, or from the environment."""
    while True:
        value = ctx.params.get(name)
        if value or ctx.parent is None:
            return str(value) if value else None
        ctx = ctx.parent
