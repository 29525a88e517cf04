"""The rules of the family ``gitops/``: what Applications and ApplicationSets ask of Argo CD."""

from kubeaid_ci.findings.finding import Finding, Rule, Severity

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
APPLICATION_SET_DUPLICATE = Rule(
    "gitops/application-set-duplicate",
    Severity.ERROR,
    "Argo CD reports an error for an ApplicationSet that makes two Applications of one name, and updates neither. "
    "Put a parameter into metadata.name that differs between them.",
)
APPLICATION_HELD_TWICE = Rule(
    "gitops/application-held-twice",
    Severity.WARNING,
    "Two Applications or ApplicationSets hold this one with different content, so each sync overwrites the other and "
    "the objects are unknown. Keep it in one of them, or give one another name.",
)
APPLICATION_SET_PLACEHOLDER = Rule(
    "gitops/application-set-placeholder",
    Severity.WARNING,
    "A tag that is not a parameter stays in the text of the Application, with its braces, which is mostly a typo. "
    "Correct the name, or set goTemplate and the option missingkey=error so that Argo CD refuses it.",
)
SUBFOLDERS_NOT_READ = Rule(
    "gitops/subfolders-not-read",
    Severity.WARNING,
    "Argo CD takes a folder without Chart.yaml for plain manifests and reads no subfolders, so nothing in them is "
    "applied. Add Chart.yaml if it is a chart, or set directory.recurse if these are manifests.",
)
NOTHING_RENDERED = Rule(
    "gitops/nothing-rendered",
    Severity.WARNING,
    "No cluster was found, so nothing was rendered, compared or checked. Check --config-repo, and that each cluster "
    "has a folder k8s/<cluster>/argocd-apps.",
)

RENDER_UNSTABLE = Rule(
    "chart/render-unstable",
    Severity.WARNING,
    "The chart renders differently every time, so it cannot be compared reliably and Argo CD never reports it as "
    "in sync. Set the value that the chart generates.",
)
VALUES_UNKNOWN = Rule(
    "chart/values-unknown",
    Severity.WARNING,
    "The chart has no default for this key and uses it in no template, so the key has no effect: it is a typo, or"
    " the chart dropped it. Correct or remove it.",
)
VALUES_REPEATED = Rule(
    "chart/values-repeated",
    Severity.WARNING,
    "Helm silently uses the last of two equal keys, so a setting is lost. Merge the two.",
)
HELM_VERSION_UNKNOWN = Rule(
    "chart/helm-version-unknown",
    Severity.INFO,
    "Versions of Helm treat nulls in values differently, so Argo CD may render the charts of the named cluster "
    "differently. Set clusters.<name>.helm to the version of helm in the repo server of that cluster.",
)

RULES = (
    RENDER_UNSTABLE,
    VALUES_UNKNOWN,
    VALUES_REPEATED,
    HELM_VERSION_UNKNOWN,
    NOTHING_RENDERED,
    SOURCE_NOT_RENDERED,
    APPLICATION_SET_NOT_FOLLOWED,
    APPLICATION_SET_DUPLICATE,
    APPLICATION_HELD_TWICE,
    APPLICATION_SET_PLACEHOLDER,
    SUBFOLDERS_NOT_READ,
)


def nothing_rendered() -> Finding:
    """Return the finding about a config repo without clusters."""
    return NOTHING_RENDERED.at("k8s", "k8s/ has no cluster, so nothing was rendered", subject="k8s", key="nothing")
