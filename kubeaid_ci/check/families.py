"""The families of checks: their modules, their rules, and which of them a run reports."""

import pkgutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from kubeaid_ci import check
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Rule
from kubeaid_ci.settings import CheckSettings, Profile
from kubeaid_ci.suggestion import suggestion

FAMILIES = ("gitops", "values", "schema", "security", "network", "backup", "autoscaling")


@cache
def modules(family: str) -> tuple[ModuleType, ...]:
    """Return the modules of a family, in order of their names."""
    package = import_module(f"{check.__name__}.{family}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(import_module(f"{package.__name__}.{name}") for name in names)


def checks(families: Collection[str] = FAMILIES) -> Iterator[ModuleType]:
    """Yield the modules that report findings."""
    return (module for family in families for module in modules(family) if hasattr(module, "RULES"))


def named(family: str, name: str) -> ModuleType | None:
    """Return the module of this name in a family; None if the family has none."""
    return next((module for module in modules(family) if module.__name__.endswith(f".{name}")), None)


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rules of all checks by id."""
    return {rule.id: rule for module in checks() for rule in module.RULES}


@cache
def _by_family() -> Mapping[str, frozenset[str]]:
    """Return the ids of the rules of each family. Some families report rules that rendering has too."""
    return {name: frozenset(rule.id for module in checks([name]) for rule in module.RULES) for name in FAMILIES}


def selected(names: Sequence[str], settings: CheckSettings, known: Collection[str]) -> frozenset[str]:
    """Return the ids of the rules to report: those of `names` (rules or families), else those of the profile.

    A name selects its rules whatever the profile. `known` are the ids of all rules. Raises `UserError` for a name that
    is neither, with the nearest ones.
    """
    if not names:
        strict = settings.profile is Profile.STRICT
        return frozenset(known) - {rule.id for rule in rules().values() if rule.is_posture and not strict}
    families = {**_by_family()}
    for rule in known:
        family = rule.partition("/")[0]
        families[family] = families.get(family, frozenset()) | {rule}
    chosen: set[str] = set()
    for name in names:
        if name not in families and name not in known:
            raise UserError(f"{name}: neither a rule nor a family; {suggestion(name, {*families, *known})}")
        chosen |= families.get(name, frozenset()) | ({name} if name in known else frozenset())
    return frozenset(chosen)
