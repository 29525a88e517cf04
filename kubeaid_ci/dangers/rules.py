"""The rules of the family ``change/``: errors lose data or fail the sync, warnings want a reviewer's look."""

from kubeaid_ci.findings.finding import Rule, Severity

STATE_REMOVED = Rule(
    "change/state-removed",
    Severity.ERROR,
    "Argo CD will prune this object, and with it the data behind it or every object below it. Keep it, or back up"
    " first and state in the change request that the deletion is intended.",
)
APPLICATION_REMOVED = Rule(
    "change/application-removed",
    Severity.ERROR,
    "Removing an Application that has the resources finalizer deletes everything it deployed, including volumes. "
    "Remove the finalizer first to keep the objects, or state that the deletion is intended.",
)
IMMUTABLE_FIELD = Rule(
    "change/immutable-field",
    Severity.ERROR,
    "Kubernetes refuses to change this field of an existing object, so the whole sync fails. Keep the old value, "
    "or plan to delete and recreate the object.",
)
HELM_ENGINE = Rule(
    "change/helm-engine",
    Severity.WARNING,
    "The new Argo CD includes another version of Helm, which treats defaults that values set to null differently."
    " Check the named objects, and set the wanted value explicitly if the new one is wrong.",
)
CRD_VERSION_REMOVED = Rule(
    "change/crd-version-removed",
    Severity.ERROR,
    "Manifests, controllers and stored objects that use this version stop working after the sync. Move them to a "
    "version that stays before you remove this one.",
)
CRD_STORAGE_CHANGED = Rule(
    "change/crd-storage-changed",
    Severity.WARNING,
    "Objects stored in the old version are converted only when they are written. Migrate the stored objects "
    "before the old version is removed.",
)
CRD_SCHEMA_NARROWED = Rule(
    "change/crd-schema-narrowed",
    Severity.WARNING,
    "Fields missing from the new schema are dropped from objects, and objects that violate a new constraint are "
    "rejected at their next change. Check whether any object of this kind uses what changed.",
)
RBAC_WIDENED = Rule(
    "change/rbac-widened",
    Severity.WARNING,
    "Subjects bound to this role can do more after the sync, in the worst case take over the cluster. Check that "
    "the application needs it, and narrow the rule if it does not.",
)
RBAC_BOUND = Rule(
    "change/rbac-bound",
    Severity.WARNING,
    "A subject gains a role. Check the subject and the role's permissions.",
)
HOST_ACCESS = Rule(
    "change/host-access",
    Severity.WARNING,
    "A pod with access to the node's files, network or processes can reach everything else on that node. Check "
    "that the application needs it, and who can change its image.",
)
PRIVILEGES_RAISED = Rule(
    "change/privileges-raised",
    Severity.WARNING,
    "With fewer restrictions a compromised container can do more damage. Keep the old security context, or check "
    "that the application needs the new one.",
)
POD_SECURITY_LOWERED = Rule(
    "change/pod-security-lowered",
    Severity.WARNING,
    "The namespace admits pods that it rejected before. Keep the stricter level, or move the pod that needs the "
    "weaker level to a namespace of its own.",
)
IDENTITY_CHANGED = Rule(
    "change/identity-changed",
    Severity.WARNING,
    "The pods use another service account, or get a token that they did not have. Check the permissions of that "
    "account.",
)
CONTAINER_ADDED = Rule(
    "change/container-added",
    Severity.WARNING,
    "An additional container runs in the pod, with the same network, volumes and identity. Check what it is and "
    "why it was added.",
)
COMMAND_CHANGED = Rule(
    "change/command-changed",
    Severity.WARNING,
    "The container runs another program than before, with the same permissions. Read the new command.",
)
LIMITS_REMOVED = Rule(
    "change/limits-removed",
    Severity.WARNING,
    "Without this limit or request the container can starve others on its node, or be starved. Set it again.",
)
SCALED_TO_ZERO = Rule(
    "change/scaled-to-zero",
    Severity.WARNING,
    "No replica of this workload runs after the sync. Set the wanted number of replicas.",
)
IMAGE_REGISTRY_NEW = Rule(
    "change/image-registry-new",
    Severity.WARNING,
    "The cluster has not pulled from this registry before, so it must be trusted, reachable and mirrored. Check "
    "that it belongs to the vendor.",
)
IMAGE_NEW = Rule(
    "change/image-new",
    Severity.WARNING,
    "The cluster has not run this image before, in any version. Check its source and that the name is spelled as "
    "by its vendor.",
)
IMAGE_DOWNGRADED = Rule(
    "change/image-downgraded",
    Severity.WARNING,
    "An older version may not read the data of the newer one, and lacks its fixes. Check that the downgrade is "
    "intended and possible.",
)
IMAGE_TAG_MUTABLE = Rule(
    "change/image-tag-mutable",
    Severity.WARNING,
    "An image without a fixed tag or digest can change without a change in Git. Set a version, preferably with "
    "its digest.",
)
HOOK_ADDED = Rule(
    "change/hook-added",
    Severity.WARNING,
    "A hook runs at each sync, before or after everything else, with the permissions of its service account. Read"
    " what it runs.",
)
JOB_ADDED = Rule(
    "change/job-added",
    Severity.WARNING,
    "A program runs that did not run before, once or on a schedule. Check what it runs and with which service account.",
)
WEBHOOK_WIDENED = Rule(
    "change/webhook-widened",
    Severity.WARNING,
    "An admission webhook sees, and may change or reject, requests to the API server; if it is down, they may "
    "fail. Check which objects it covers, where it points and its failure policy.",
)
NETWORK_OPENED = Rule(
    "change/network-opened",
    Severity.WARNING,
    "A network policy no longer blocks some traffic to or from these pods. Keep the policy, or check that the new"
    " traffic is wanted.",
)
PROTECTION_REMOVED = Rule(
    "change/protection-removed",
    Severity.WARNING,
    "A safeguard that kept the application running, scaled or limited is removed by the sync. Keep it, or name "
    "its replacement.",
)
DRAIN_BLOCKED = Rule(
    "change/drain-blocked",
    Severity.WARNING,
    "No pod of this workload may be evicted, so nodes cannot be drained and cluster upgrades are blocked. Allow "
    "at least one pod to be unavailable.",
)
EXPOSED = Rule(
    "change/exposed",
    Severity.WARNING,
    "The application is reachable from more places, or under other names, than before. Check who can reach it, "
    "and that DNS names and certificates exist.",
)
SECRET_REMOVED = Rule(
    "change/secret-removed",
    Severity.WARNING,
    "Pods that use this secret no longer start, and its content may exist nowhere else. Check that it is unused, "
    "and that it can be recreated.",
)
SECRET_SOURCE_CHANGED = Rule(
    "change/secret-source-changed",
    Severity.WARNING,
    "Secrets or certificates come from another source or have another name after the sync. Check that the source "
    "is trusted and has them, and that nothing uses the old ones.",
)
BACKUP_CHANGED = Rule(
    "change/backup-changed",
    Severity.WARNING,
    "Backups change in schedule, content or location, and old backups may no longer be found. Check that "
    "everything that must be restorable is still included.",
)
API_SERVICE_CHANGED = Rule(
    "change/api-service-changed",
    Severity.WARNING,
    "A part of the Kubernetes API is served by another service, or no longer served. Check that the service "
    "exists and is trusted.",
)
FINALIZER_CHANGED = Rule(
    "change/finalizer-changed",
    Severity.WARNING,
    "A finalizer blocks the deletion of an object until its controller has cleaned up. Check that the controller "
    "runs, and that nothing is left behind if the finalizer is removed.",
)
SYNC_OPTION_CHANGED = Rule(
    "change/sync-option-changed",
    Severity.WARNING,
    "It changes what Argo CD deletes, replaces or forces when it syncs. Check that losing objects this way is "
    "intended.",
)
DRIFT_IGNORED = Rule(
    "change/drift-ignored",
    Severity.WARNING,
    "Argo CD no longer reports when these fields differ from Git. Ignore as little as possible, by name and exact"
    " path.",
)
SOURCE_CHANGED = Rule(
    "change/source-changed",
    Severity.WARNING,
    "The Application uses another source or another destination. Check that the new one is trusted, and what "
    "remains in the old destination.",
)
NAMESPACE_MOVED = Rule(
    "change/namespace-moved",
    Severity.WARNING,
    "The object is created in the new namespace and deleted in the old one: references to the old one break, and "
    "its state does not move. Move what belongs to it as well.",
)
OBJECT_DUPLICATE = Rule(
    "change/object-duplicate",
    Severity.WARNING,
    "One Application contains this object twice with different content, and Argo CD applies only the last. Keep "
    "one of them.",
)
RULES = (
    STATE_REMOVED,
    APPLICATION_REMOVED,
    IMMUTABLE_FIELD,
    CRD_VERSION_REMOVED,
    CRD_STORAGE_CHANGED,
    CRD_SCHEMA_NARROWED,
    RBAC_WIDENED,
    RBAC_BOUND,
    HOST_ACCESS,
    PRIVILEGES_RAISED,
    POD_SECURITY_LOWERED,
    IDENTITY_CHANGED,
    CONTAINER_ADDED,
    COMMAND_CHANGED,
    LIMITS_REMOVED,
    SCALED_TO_ZERO,
    IMAGE_REGISTRY_NEW,
    IMAGE_NEW,
    IMAGE_DOWNGRADED,
    IMAGE_TAG_MUTABLE,
    HOOK_ADDED,
    JOB_ADDED,
    WEBHOOK_WIDENED,
    NETWORK_OPENED,
    PROTECTION_REMOVED,
    DRAIN_BLOCKED,
    EXPOSED,
    SECRET_REMOVED,
    SECRET_SOURCE_CHANGED,
    BACKUP_CHANGED,
    API_SERVICE_CHANGED,
    FINALIZER_CHANGED,
    SYNC_OPTION_CHANGED,
    DRIFT_IGNORED,
    SOURCE_CHANGED,
    NAMESPACE_MOVED,
    OBJECT_DUPLICATE,
    HELM_ENGINE,
)
