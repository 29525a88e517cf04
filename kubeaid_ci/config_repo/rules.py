"""The rules about the folders of clusters and their settings."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding, Rule, Severity

CLUSTER_UNREADABLE = Rule(
    "build/cluster-unreadable",
    Severity.ERROR,
    "This folder may be a cluster but cannot be read as one, so it is not checked at all. Make it a plain folder "
    "with argocd-apps/ or a vars file.",
)
VARS_MISSING = Rule(
    "build/vars-missing",
    Severity.ERROR,
    "Argo CD applies monitoring manifests that can no longer be built or checked, because the vars file is "
    "missing. Restore NAME-vars.jsonnet, or remove kube-prometheus/ and its Application together.",
)
GENERAL_INVALID = Rule(
    "settings/general-invalid",
    Severity.WARNING,
    "The cluster's Kubernetes version, provider, KubeAid version and repositories are read from its general settings "
    "file. Correct what the message names, or set it in .kubeaid-ci.yaml.",
)

OUTPUT_UNUSABLE = Rule(
    "build/output-unusable",
    Severity.ERROR,
    "The folder of the built manifests cannot be read or replaced, so the existing manifests are left unchanged. "
    "Correct the owner, the permissions or the type of the folder that the message names, and build again.",
)
NOTHING_BUILT = Rule(
    "build/nothing-built",
    Severity.WARNING,
    "No cluster was found, so nothing was checked. Check --config-repo and the names of the vars files, "
    "k8s/<cluster>/<name>-vars.jsonnet.",
)
REPOSITORY_UNKNOWN = Rule(
    "gitops/repository-unknown",
    Severity.WARNING,
    "The repository is not one of the two given, so the objects of the Application are unknown and not checked. If it "
    "is one of the two, set its address as the origin of the clone (git remote set-url origin URL) or list it under "
    "repositories in .kubeaid-ci.yaml; or pass the right clone with --config-repo or --kubeaid.",
)

VARS_INVALID = Rule(
    "build/vars-invalid",
    Severity.ERROR,
    "The vars file does not evaluate or sets a key that the template does not know, so the cluster lacks the "
    "monitoring it asks for. Correct the line that the message names.",
)

RULES = (
    VARS_INVALID,
    CLUSTER_UNREADABLE,
    VARS_MISSING,
    GENERAL_INVALID,
    OUTPUT_UNUSABLE,
    NOTHING_BUILT,
    REPOSITORY_UNKNOWN,
)


def general_problems(clusters: Iterable[Cluster]) -> Iterator[Finding]:
    """Yield what cannot be used of the general settings of clusters."""
    for cluster in clusters:
        for problem in cluster.general.problems:
            yield GENERAL_INVALID.at(cluster.general.path, problem, subject=cluster.label)


def nothing_to_build(cluster: Cluster) -> Finding:
    """Return the finding about a cluster without monitoring that was requested by name."""
    message = f"no vars file, so there is nothing to build; to add monitoring, add {cluster.path}/NAME-vars.jsonnet"
    return VARS_MISSING.at(cluster.path, message, subject=cluster.label, severity=Severity.WARNING, key="vars")


def nothing_built(clusters: int) -> Finding:
    """Return the finding about a build that had no cluster to build, of `clusters` that there are."""
    why = f"none of its {clusters} clusters has a vars file" if clusters else "k8s/ has no cluster"
    return NOTHING_BUILT.at("k8s", f"nothing was built: {why}", subject="k8s", key="nothing")


def vars_missing(folder: str, subject: str, *, has_output: bool) -> Finding:
    """Return the finding about a folder ``k8s/<dir>`` whose monitoring has no vars file."""
    what = "kube-prometheus/ is there" if has_output else "an Application applies kube-prometheus/"
    message = f"no *-vars.jsonnet, but {what}: its manifests cannot be built or checked"
    return VARS_MISSING.at(folder, message, subject=subject, key="vars")
