"""The rules of ``doctor``, and how a check becomes a finding."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kubeaid_ci.checkup.result import Area, Check, State
from kubeaid_ci.findings.finding import Finding, Rule, Severity

TOOL_MISSING = Rule(
    "doctor/tool-missing",
    Severity.WARNING,
    "Optional: only a part of kubeaid-ci needs this program or package. Install it if you need that part.",
)
TOOL_UNFIT = Rule(
    "doctor/tool-unfit",
    Severity.ERROR,
    "kubeaid-ci cannot run without this program, or needs a newer version of it. Install it, or a later version.",
)
CACHE_UNUSABLE = Rule(
    "doctor/cache-unusable",
    Severity.WARNING,
    "Nothing can be cached, so every run builds everything again, and a KubeAid repo named by its URL cannot be "
    "cloned. Make the folder writable, or set KUBEAID_CI_CACHE to another folder.",
)
SETTINGS_INVALID = Rule(
    "doctor/settings-invalid",
    Severity.ERROR,
    "Every command refuses to run with invalid settings, because ignoring some of them would be unsafe. Correct "
    "what the message names.",
)
REPOSITORY_MISSING = Rule(
    "doctor/repository-missing",
    Severity.ERROR,
    "Building needs a config repo and a KubeAid repo. Name them on the command line, in the environment or in the"
    " settings file.",
)
NO_CLUSTERS = Rule(
    "doctor/no-clusters",
    Severity.WARNING,
    "A folder below k8s/ is a cluster if it has argocd-apps/ or a vars file, and none has one. Add the folder of "
    "a cluster, or name the config repo with --config-repo.",
)
KUBERNETES_VERSION_UNSET = Rule(
    "doctor/kubernetes-version-unset",
    Severity.INFO,
    "Charts render different API versions for different versions of Kubernetes, so the default may render "
    "something else than the cluster gets. Set the version that the cluster runs.",
)
RELEASE_MISSING = Rule(
    "doctor/release-missing",
    Severity.ERROR,
    "The cluster's kube-prometheus release is not vendored in KubeAid, so the cluster cannot be built. Set "
    "kube_prometheus_version to an available release, or vendor this one.",
)
REVISION_MISSING = Rule(
    "doctor/revision-missing",
    Severity.WARNING,
    "A build with pinned revisions skips every cluster whose KubeAid revision is not set or cannot be found. "
    "Fetch the repository's tags and branches, or correct the Application of the cluster.",
)
HISTORY_CUT = Rule(
    "doctor/history-cut",
    Severity.WARNING,
    "Pinned revisions are tags and commits, which are missing in a shallow clone or a clone without tags. Fetch "
    "the whole history; in CI set fetch-depth to 0 at the checkout.",
)
NO_ORIGIN = Rule(
    "doctor/no-origin",
    Severity.WARNING,
    "Publishing needs the address of the config repo, and the folder has no remote. Clone the repository, or name"
    " it by its address.",
)
SECRET_IN_ADDRESS = Rule(
    "doctor/secret-in-address",
    Severity.WARNING,
    "The remote URL contains a token, readable by anyone with access to this folder. Remove it from the URL, "
    "revoke it, and set a new one in a variable.",
)
FORGE_UNKNOWN = Rule(
    "doctor/forge-unknown",
    Severity.ERROR,
    "The type of a self-hosted forge cannot be detected from its address, so no change request can be opened. Set"
    " it with --forge or in the settings file.",
)
TOKEN_MISSING = Rule(
    "doctor/token-missing",
    Severity.WARNING,
    "Publishing needs an API token for this forge, and no variable has one. Create a token with the permissions "
    "that the guide of your forge names, and set the variable.",
)
TOKEN_UNUSED = Rule(
    "doctor/token-unused",
    Severity.INFO,
    "A token is used only for its own forge and host, and only the first one that matches. If you expected "
    "another token to be used, unset this variable or set the right one.",
)
TOKEN_MALFORMED = Rule(
    "doctor/token-malformed",
    Severity.ERROR,
    "The token contains whitespace or non-ASCII characters, so it was copied incorrectly and no forge accepts it."
    " Set the variable again.",
)
ACCESS_MISSING = Rule(
    "doctor/access-missing",
    Severity.ERROR,
    "Without permission to read, to push and to open change requests a run fails halfway. Give the token the "
    "permission that the message names, or use another token.",
)
BRANCH_MISSING = Rule(
    "doctor/branch-missing",
    Severity.ERROR,
    "Change requests need an existing base branch. Correct its name, or omit it to use the default branch.",
)
OLD_VARIABLE = Rule(
    "doctor/old-variable",
    Severity.INFO,
    "The variables of the platform's earlier scripts still work, but the new ones take precedence. Use the new "
    "names when you next change the job.",
)
FILE_MISSING = Rule(
    "doctor/file-missing",
    Severity.ERROR,
    "The named file cannot be read but is needed for every connection. Correct its path.",
)
NOT_REACHED = Rule(
    "doctor/not-reached",
    Severity.ERROR,
    "The host could not be reached, so it was not checked, and publishing would fail the same way. Check the "
    "network, the proxy and the certificates, and run again.",
)

RULES = (
    TOOL_MISSING,
    TOOL_UNFIT,
    CACHE_UNUSABLE,
    SETTINGS_INVALID,
    REPOSITORY_MISSING,
    NO_CLUSTERS,
    KUBERNETES_VERSION_UNSET,
    RELEASE_MISSING,
    REVISION_MISSING,
    HISTORY_CUT,
    NO_ORIGIN,
    SECRET_IN_ADDRESS,
    FORGE_UNKNOWN,
    TOKEN_MISSING,
    TOKEN_UNUSED,
    TOKEN_MALFORMED,
    ACCESS_MISSING,
    BRANCH_MISSING,
    OLD_VARIABLE,
    FILE_MISSING,
    NOT_REACHED,
)

_BY_ID = {rule.id: rule for rule in RULES}
_STATES = {Severity.ERROR: State.WRONG, Severity.WARNING: State.WARNING, Severity.INFO: State.NOTE}
_OWN_STATES = {
    TOOL_MISSING.id: State.MISSING,
    TOKEN_MISSING.id: State.MISSING,
    NOT_REACHED.id: State.NOT_REACHED,
}


def ok(area: Area, name: str, detail: str) -> Check:
    """Return a check that passed."""
    return Check(area, name, State.OK, detail)


def not_checked(area: Area, name: str, why: str) -> Check:
    """Return a check that could not be made."""
    return Check(area, name, State.NOT_CHECKED, why)


def failed(rule: Rule, area: Area, name: str, detail: str, advice: str = "") -> Check:
    """Return a check that failed by this rule."""
    return Check(area, name, _OWN_STATES.get(rule.id) or _STATES[rule.severity], detail, advice, rule.id)


def as_error(check: Check) -> Check:
    """Return a failed check as an error: what is usually a warning keeps something from working here."""
    return replace(check, state=State.WRONG)


def findings(checks: Iterable[Check]) -> Iterator[Finding]:
    """Yield a finding for each failed check. Rules of other commands have their findings in their own reports."""
    for check in checks:
        if rule := _BY_ID.get(check.rule or ""):
            severity = Severity.ERROR if check.state is State.WRONG else rule.severity
            message = f"{check.detail}; {check.advice}" if check.advice else check.detail
            yield rule.at(
                None, message, subject=f"{check.area}: {check.name}", severity=severity, key="checkup", content=""
            )
