"""The Applications that an ApplicationSet makes, as Argo CD's applicationset/ makes them."""

from kubeaid_ci.argocd.application_set.expand import Made, expand
from kubeaid_ci.argocd.application_set.git import Listing, Lookup
from kubeaid_ci.argocd.unsupported import UnsupportedError

__all__ = ["Listing", "Lookup", "Made", "UnsupportedError", "expand"]
