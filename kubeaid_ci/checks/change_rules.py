"""The rules of the family ``change/``: errors lose data or fail the sync, warnings want a reviewer's look."""

from kubeaid_ci.model.finding import Rule, Severity

STATE_REMOVED = Rule(
    "change/state-removed",
    Severity.ERROR,
    "When Argo CD prunes this object, the data behind it or every object below it goes with it. Keep it, or back up "
    "first and say in the change request that it is meant.",
)
APPLICATION_REMOVED = Rule(
    "change/application-removed",
    Severity.ERROR,
    "Removing an Application that has the resources finalizer deletes everything it deployed, volumes included. Take "
    "the finalizer off first if the objects are to stay, or say that the deletion is meant.",
)
IMMUTABLE_FIELD = Rule(
    "change/immutable-field",
    Severity.ERROR,
    "Kubernetes refuses to change this field of an object that exists, so the whole sync fails. Keep the old value, "
    "or plan to delete and create the object anew, with what that costs.",
)
HELM_ENGINE = Rule(
    "change/helm-engine",
    Severity.WARNING,
    "The new Argo CD comes with another version of Helm, which restores or drops defaults that values set to null. "
    "Check the named objects, and write the wanted value into the values where the new one is wrong.",
)
CRD_VERSION_REMOVED = Rule(
    "change/crd-version-removed",
    Severity.ERROR,
    "Manifests, controllers and stored objects that use this version stop working with the sync. Move them to a "
    "version that stays before this one goes.",
)
CRD_STORAGE_CHANGED = Rule(
    "change/crd-storage-changed",
    Severity.WARNING,
    "Objects that are stored in the old version are converted only when somebody writes them. Migrate the stored "
    "objects before the old version goes.",
)
CRD_SCHEMA_NARROWED = Rule(
    "change/crd-schema-narrowed",
    Severity.WARNING,
    "Fields that the schema no longer knows are dropped from objects, and objects that break a new demand are refused "
    "at their next change. Look whether any object of this kind uses what changed.",
)
RBAC_WIDENED = Rule(
    "change/rbac-widened",
    Severity.WARNING,
    "Whoever holds this role may do more after the sync, in the worst case take over the cluster. Check that the "
    "application needs it, and narrow the rule if it does not.",
)
RBAC_BOUND = Rule(
    "change/rbac-bound",
    Severity.WARNING,
    "Somebody gets the rights of a role that they did not have. Check who it is and what the role allows.",
)
HOST_ACCESS = Rule(
    "change/host-access",
    Severity.WARNING,
    "A pod that reaches the node's files, network or processes can reach everything else that runs there. Check that "
    "the application needs it, and who may change its image.",
)
PRIVILEGES_RAISED = Rule(
    "change/privileges-raised",
    Severity.WARNING,
    "With fewer limits on the container, a break-in into it reaches further. Keep the old security context, or check "
    "that the application needs the new one.",
)
POD_SECURITY_LOWERED = Rule(
    "change/pod-security-lowered",
    Severity.WARNING,
    "The namespace admits pods that it refused before. Keep the stricter level, or move the pod that needs the weaker "
    "one to a namespace of its own.",
)
IDENTITY_CHANGED = Rule(
    "change/identity-changed",
    Severity.WARNING,
    "The pods act under another service account, or get a token that they did not have. Check what that account may "
    "do.",
)
CONTAINER_ADDED = Rule(
    "change/container-added",
    Severity.WARNING,
    "Another program runs beside the one that is known, with the same network, volumes and identity. Check what it is "
    "and why it came.",
)
COMMAND_CHANGED = Rule(
    "change/command-changed",
    Severity.WARNING,
    "The container runs something else than before, in the same place and with the same rights. Read the new command.",
)
LIMITS_REMOVED = Rule(
    "change/limits-removed",
    Severity.WARNING,
    "Without its limit or request the container can starve the others on its node, or be starved. Set it again.",
)
SCALED_TO_ZERO = Rule(
    "change/scaled-to-zero",
    Severity.WARNING,
    "Nothing of this runs any more after the sync. Set the number of replicas that is wanted.",
)
IMAGE_REGISTRY_NEW = Rule(
    "change/image-registry-new",
    Severity.WARNING,
    "The cluster has pulled nothing from this registry until now: it must be trusted, reachable and mirrored. Check "
    "that it is the vendor's own.",
)
IMAGE_NEW = Rule(
    "change/image-new",
    Severity.WARNING,
    "The cluster has not run this image until now, in any version. Check where it comes from and that the name is "
    "spelled as its vendor does.",
)
IMAGE_DOWNGRADED = Rule(
    "change/image-downgraded",
    Severity.WARNING,
    "An older version may not read what the newer one wrote, and has the faults that were mended since. Check that "
    "going back is meant and possible.",
)
IMAGE_TAG_MUTABLE = Rule(
    "change/image-tag-mutable",
    Severity.WARNING,
    "An image without a fixed tag or digest can change without a change in Git. Name a version, best with its digest.",
)
HOOK_ADDED = Rule(
    "change/hook-added",
    Severity.WARNING,
    "A hook runs once with each sync, before or after everything else, and may do what its service account allows. "
    "Read what it runs.",
)
JOB_ADDED = Rule(
    "change/job-added",
    Severity.WARNING,
    "A program runs that did not run before, once or by the clock. Read what it runs and under which account.",
)
WEBHOOK_WIDENED = Rule(
    "change/webhook-widened",
    Severity.WARNING,
    "An admission webhook sees, and may change or refuse, what the API server is asked; where it is down, that stands "
    "still. Check what it covers, where it points and what happens when it fails.",
)
NETWORK_OPENED = Rule(
    "change/network-opened",
    Severity.WARNING,
    "Pods can be reached, or can reach others, in ways that a policy kept them from. Keep the policy, or check that "
    "the new traffic is wanted.",
)
PROTECTION_REMOVED = Rule(
    "change/protection-removed",
    Severity.WARNING,
    "What kept the application running, scaled or within its bounds is gone after the sync. Keep it, or say what takes "
    "its place.",
)
DRAIN_BLOCKED = Rule(
    "change/drain-blocked",
    Severity.WARNING,
    "No pod of this may be evicted, so nodes cannot be drained and upgrades of the cluster stand still. Let at least "
    "one pod go at a time.",
)
EXPOSED = Rule(
    "change/exposed",
    Severity.WARNING,
    "The application is reachable from more places, or under other names, than before. Check who can reach it, and "
    "that names and certificates are in place.",
)
SECRET_REMOVED = Rule(
    "change/secret-removed",
    Severity.WARNING,
    "Pods that use this secret do not start any more, and what was in it may be nowhere else. Check that nothing uses "
    "it, and that it can be made again.",
)
SECRET_SOURCE_CHANGED = Rule(
    "change/secret-source-changed",
    Severity.WARNING,
    "Secrets or certificates come from another place or under another name after the sync. Check that the place is "
    "trusted and has them, and that nothing asks for the old ones.",
)
BACKUP_CHANGED = Rule(
    "change/backup-changed",
    Severity.WARNING,
    "Backups are made at other times, of other things, or kept elsewhere, and old ones may not be found any more. "
    "Check that everything that is to be restored one day is still in them.",
)
API_SERVICE_CHANGED = Rule(
    "change/api-service-changed",
    Severity.WARNING,
    "A part of the Kubernetes API is answered by something else, or no longer. Check that the service behind it is "
    "there and is trusted.",
)
FINALIZER_CHANGED = Rule(
    "change/finalizer-changed",
    Severity.WARNING,
    "A finalizer holds up the deletion of an object until a controller has cleaned up behind it. Check that the "
    "controller runs, and that nothing is left behind without it.",
)
SYNC_OPTION_CHANGED = Rule(
    "change/sync-option-changed",
    Severity.WARNING,
    "It changes what Argo CD deletes, replaces or forces when it syncs. Check that losing objects this way is meant.",
)
DRIFT_IGNORED = Rule(
    "change/drift-ignored",
    Severity.WARNING,
    "Argo CD no longer says when these fields differ from Git. Ignore as little as can be, by name and exact path.",
)
SOURCE_CHANGED = Rule(
    "change/source-changed",
    Severity.WARNING,
    "The Application takes its manifests from elsewhere, or puts them elsewhere. Check that the new place is trusted, "
    "and what stays behind in the old one.",
)
NAMESPACE_MOVED = Rule(
    "change/namespace-moved",
    Severity.WARNING,
    "The object is created in the new namespace and deleted in the old one: what refers to it there does not find it, "
    "and its state does not move along. Move what belongs to it as well.",
)
OBJECT_DUPLICATE = Rule(
    "change/object-duplicate",
    Severity.WARNING,
    "One Application holds this object twice with different content, and Argo CD applies only the last. Keep one of "
    "them.",
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
