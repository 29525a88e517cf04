"""The rules about built manifests."""

from kubeaid_ci.findings.finding import Rule, Severity

LIBRARY_MISSING = Rule(
    "build/library-missing",
    Severity.ERROR,
    "The cluster needs a kube-prometheus release that is not vendored in KubeAid, so its manifests cannot be "
    "built. Set kube_prometheus_version to an available release, or vendor this one.",
)
STALE = Rule(
    "build/stale",
    Severity.ERROR,
    "The committed manifests are not what the cluster's vars produce, so Argo CD is applying outdated manifests. "
    "Build the cluster and commit the result; make manual changes in the vars file instead.",
)
PINNED_REVISION_MISSING = Rule(
    "build/pinned-revision-missing",
    Severity.ERROR,
    "The KubeAid revision that the cluster pins cannot be found, so its manifests cannot be built from the files "
    "that Argo CD uses. Fetch the repository's tags and branches, or set targetRevision to a revision that "
    "exists.",
)
ENGINES_DIFFER = Rule(
    "build/engines-differ",
    Severity.WARNING,
    "Two jsonnet engines produce different manifests from the same input, so the result depends on the engine. "
    "Look at the named manifest, and avoid what the engines evaluate differently, such as numbers converted to "
    "text.",
)
OBJECT_INVALID = Rule(
    "build/object-invalid",
    Severity.ERROR,
    "The API server refuses an object without apiVersion, kind or metadata.name, and the whole sync fails"
    " with it. Complete it where it is made, in the vars file, the mixin or the chart.",
)
OBJECT_DUPLICATE = Rule(
    "build/object-duplicate",
    Severity.ERROR,
    "Two manifests of the same object overwrite each other, in an undefined order. Keep one of"
    " them, or give them different names or namespaces.",
)
RULES_INVALID = Rule(
    "build/rules-invalid",
    Severity.ERROR,
    "Prometheus does not load a rule group that it cannot read: its alerts never fire. Correct the"
    " expression or field where the rule is made, in the vars file or the mixin.",
)

RULES = (
    LIBRARY_MISSING,
    STALE,
    PINNED_REVISION_MISSING,
    ENGINES_DIFFER,
    OBJECT_INVALID,
    OBJECT_DUPLICATE,
    RULES_INVALID,
)
