"""The rules of the family ``upgrade/``: what moving clusters to another KubeAid revision leaves for people to do."""

from kubeaid_ci.findings.finding import Rule, Severity

SOURCE_LEFT = Rule(
    "upgrade/source-left",
    Severity.WARNING,
    "This place still names another KubeAid revision, so the Application is not upgraded, or its label is wrong. "
    "Edit the named line, or the template or value that it comes from, manually.",
)
SOURCE_UNKNOWN = Rule(
    "upgrade/source-unknown",
    Severity.WARNING,
    "This repository is not known as KubeAid, but has the path of a KubeAid chart, so it may be an old name or a copy "
    "of it that is not upgraded. List its address under repositories.kubeaid in .kubeaid-ci.yaml, or pass it with "
    "--kubeaid-address.",
)
MONITORING_KEPT = Rule(
    "upgrade/monitoring-kept",
    Severity.WARNING,
    "The monitoring could not be built at the new revision, so the built files and the version label of its "
    "Application stay as they are. Correct what the message names, and run the upgrade again.",
)
REVISION_MOVES = Rule(
    "upgrade/revision-moves",
    Severity.WARNING,
    "A branch changes without a change of the config repo, so Argo CD would sync changes without a rehearsal. "
    "Upgrade to a tag.",
)
DOWNGRADE = Rule(
    "upgrade/downgrade",
    Severity.WARNING,
    "The revision is older than the one that is used now, and not every chart can go back: data formats and "
    "custom resources may not be read by the older release. Check the release notes of the named Applications.",
)
WAVE_WAITS = Rule(
    "upgrade/wave-waits",
    Severity.ERROR,
    "An upgrade reaches this wave only after the wave before it has been at the revision for the soak time. Upgrade "
    "the wave before, wait, or pass --accept-dangers.",
)
NOT_REHEARSED = Rule(
    "upgrade/not-rehearsed",
    Severity.ERROR,
    "No Application of this cluster could be compared, so the effect of the upgrade is unknown and its files are left "
    "as they are. Correct what the message names, or pass --accept-dangers.",
)
FAILED = Rule(
    "upgrade/failed",
    Severity.ERROR,
    "The files of this cluster were left as they were; other clusters were upgraded. Correct what the message names, "
    "and run the upgrade again.",
)
SHADOW_COLLISION = Rule(
    "upgrade/shadow-collision",
    Severity.WARNING,
    "A shadow cluster runs next to the cluster that it is a copy of, and both would use this name, address, bucket or "
    "key. Change the value in the files of the copy before you create the cluster.",
)
SHADOW_RESTORE = Rule(
    "upgrade/shadow-restore",
    Severity.INFO,
    "A shadow cluster starts with empty volumes, so the data of the cluster that it is a copy of are missing. Restore "
    "them from the named backups, or copy data that no backup has.",
)
RULES = (
    SOURCE_LEFT,
    SOURCE_UNKNOWN,
    MONITORING_KEPT,
    REVISION_MOVES,
    DOWNGRADE,
    WAVE_WAITS,
    NOT_REHEARSED,
    FAILED,
    SHADOW_COLLISION,
    SHADOW_RESTORE,
)
