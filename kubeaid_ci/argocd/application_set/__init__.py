"""The Applications that an ApplicationSet makes, as Argo CD's applicationset/ makes them."""

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application_set.expand import Made, expand
from kubeaid_ci.argocd.application_set.git import Listing, Lookup

__all__ = ["Listing", "Lookup", "Made", "UnsupportedError", "expand"]
