"""Addresses of the two given repositories. A name without an address never matches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from kubeaid_ci.net.address import Remote


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the config repo and of the KubeAid repo, as the operator named them."""

    config: frozenset[Remote] = frozenset()
    kubeaid: frozenset[Remote] = frozenset()

    @classmethod
    def of(cls, *, config: Iterable[Remote | None] = (), kubeaid: Iterable[Remote | None] = ()) -> Self:
        """Return these addresses, without those that are not known."""
        return cls(frozenset(one for one in config if one), frozenset(one for one in kubeaid if one))

    def __or__(self, other: "Addresses") -> "Addresses":
        return Addresses(self.config | other.config, self.kubeaid | other.kubeaid)
