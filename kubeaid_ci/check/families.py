"""The families of checks: their modules and rules, which of them a run reports, and the figures that they count."""

import pkgutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from kubeaid_ci import check
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Rule
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.settings import CheckSettings, Profile
from kubeaid_ci.suggestion import suggestion

FAMILIES = ("gitops", "values", "schema", "security", "network", "backup", "autoscaling")
FIGURES: Mapping[str, tuple[str, ...]] = {
    "network": ("workloads", "none", "ingress_only", "both"),
    "memory_limit": ("containers", "missing"),
    "cpu_request": ("containers", "missing"),
    "backup": ("volumes", "uncovered"),
    "alerts": ("applications", "uncovered"),
}
"""The figures of a cluster by name. The first is the total; more figures may be added to each."""


@cache
def modules(family: str) -> tuple[ModuleType, ...]:
    """Return the modules of a family, in order of their names. A family may be a single module."""
    package = import_module(f"{check.__name__}.{family}")
    if not hasattr(package, "__path__"):
        return (package,)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(import_module(f"{package.__name__}.{name}") for name in names)


def checks(families: Collection[str] = FAMILIES) -> Iterator[ModuleType]:
    """Yield the modules that report findings."""
    return (module for family in families for module in modules(family) if hasattr(module, "RULES"))


def suggesting(family: str) -> ModuleType | None:
    """Return the module `suggest` of a family; None if the family suggests nothing."""
    return next((module for module in modules(family) if hasattr(module, "suggest")), None)


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rules of all checks by id."""
    return {rule.id: rule for module in checks() for rule in module.RULES}


def by_family(known: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return the ids of the rules of each family: by their names, and by the checks that report them.

    `known` are the ids of all rules. Some families report rules that rendering has too.
    """
    ids: dict[str, set[str]] = {name: {rule.id for each in checks([name]) for rule in each.RULES} for name in FAMILIES}
    for rule in known:
        family, slash, _ = rule.partition("/")
        if slash:
            ids.setdefault(family, set()).add(rule)
    return {family: frozenset(rules) for family, rules in ids.items()}


def selected(names: Sequence[str], settings: CheckSettings, known: Collection[str]) -> frozenset[str]:
    """Return the ids of the rules to report: those of `names` (rules or families), else those of the profile.

    A name selects its rules whatever the profile. `known` are the ids of all rules. Raises `UserError` for a name that
    is neither, with the nearest ones.
    """
    if not names:
        strict = settings.profile is Profile.STRICT
        return frozenset(known) - {rule.id for rule in rules().values() if rule.is_posture and not strict}
    families = by_family(known)
    chosen: set[str] = set()
    for name in names:
        if name not in families and name not in known:
            raise UserError(f"{name}: neither a rule nor a family; {suggestion(name, {*families, *known})}")
        chosen |= families.get(name, frozenset()) | ({name} if name in known else frozenset())
    return frozenset(chosen)


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return all `FIGURES` of a cluster: zero, or what the function `coverage` of a module counts."""
    figures: dict[str, dict[str, int]] = {name: dict.fromkeys(keys, 0) for name, keys in FIGURES.items()}
    for module in (module for family in FAMILIES for module in modules(family) if hasattr(module, "coverage")):
        for name, counts in module.coverage(state, context).items():
            figures[name] |= counts
    return figures
