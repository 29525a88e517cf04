"""Labels, reviewers and other metadata, as all forges handle them."""

from collections.abc import Callable, Iterable

from kubeaid_ci.errors import KubeaidCiError


def missing(wanted: Iterable[str], present: Iterable[str]) -> list[str]:
    """Return what is wanted and not there; case does not count, and nothing comes twice."""
    there = {name.lower() for name in present}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in there]


def attempt_each(*wishes: tuple[str, Callable[[], None]]) -> tuple[str, ...]:
    """Do each; what cannot be done does not keep the others back and comes back as a warning."""
    warnings = []
    for name, act in wishes:
        try:
            act()
        except KubeaidCiError as error:
            warnings.append(f"could not set the {name}: {error}")
    return tuple(warnings)
