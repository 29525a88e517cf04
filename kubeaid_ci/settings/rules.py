"""The rules about settings files."""

from kubeaid_ci.findings.finding import Rule, Severity

SETTINGS_WEAKENED = Rule(
    "settings/weakened",
    Severity.ERROR,
    "The change loosens a rule by which it is judged, so it takes effect only after the merge. Check that this is "
    "wanted, have an owner of the settings approve it, and merge it on its own.",
)
SETTINGS_MISNAMED = Rule(
    "settings/file-misnamed",
    Severity.WARNING,
    "Settings are read only from .kubeaid-ci.yaml, so this file has no effect. Rename the file.",
)
SETTINGS_CLUSTER_UNKNOWN = Rule(
    "settings/cluster-unknown",
    Severity.WARNING,
    "Settings of a cluster that does not exist have no effect. Correct the name to that of a folder or a cluster in "
    "k8s/, or remove the settings.",
)

RULES = (SETTINGS_WEAKENED, SETTINGS_MISNAMED, SETTINGS_CLUSTER_UNKNOWN)
