"""The rules of the family ``gitops/`` for Applications whose objects cannot be known from the repositories given."""

from kubeaid_ci.model.finding import Rule, Severity

SOURCE_NOT_RENDERED = Rule(
    "gitops/source-not-rendered",
    Severity.WARNING,
    "Argo CD makes the objects of this Application in a way that kubeaid-ci does not follow, so they are unknown and "
    "not checked. Check the Application manually, or use a plain chart, folder or kustomization.",
)
APPLICATION_SET_NOT_FOLLOWED = Rule(
    "gitops/application-set-not-followed",
    Severity.WARNING,
    "The ApplicationSet uses a feature that kubeaid-ci does not follow, so its Applications and their objects are "
    "unknown and not checked. Check them manually, or use list and Git generators.",
)

RULES = (SOURCE_NOT_RENDERED, APPLICATION_SET_NOT_FOLLOWED)
