"""The rules of ``doctor``, and how a check becomes a finding."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from kubeaid_ci.model.checkup import Area, Check, State
from kubeaid_ci.model.finding import Finding, Rule, Severity

TOOL_MISSING = Rule(
    "doctor/tool-missing",
    Severity.WARNING,
    "A part of what kubeaid-ci does needs this program or package, and the rest works without it. Install it if "
    "you want that part.",
)
TOOL_UNFIT = Rule(
    "doctor/tool-unfit",
    Severity.ERROR,
    "Nothing works without this program, or not with so old a version of it. Install it, or a later version.",
)
CACHE_UNUSABLE = Rule(
    "doctor/cache-unusable",
    Severity.WARNING,
    "Builds are done anew each time where nothing can be kept, and a KubeAid repo that is named by its address "
    "cannot be mirrored at all. Make the folder writable, or let KUBEAID_CI_CACHE name another.",
)
SETTINGS_INVALID = Rule(
    "doctor/settings-invalid",
    Severity.ERROR,
    "Every command refuses to run with settings that it cannot read, rather than to leave some out. Correct what "
    "the message names.",
)
REPOSITORY_MISSING = Rule(
    "doctor/repository-missing",
    Severity.ERROR,
    "Building needs a config repo and a KubeAid repo, and cannot guess where they are. Name them on the command "
    "line, in the environment or in the settings file.",
)
NO_CLUSTERS = Rule(
    "doctor/no-clusters",
    Severity.WARNING,
    "A folder below k8s/ is a cluster if it has argocd-apps/ or a vars file, and without any there is nothing to do. "
    "Add the cluster's folder, or name the config repo with --config-repo.",
)
KUBERNETES_VERSION_UNSET = Rule(
    "doctor/kubernetes-version-unset",
    Severity.INFO,
    "Charts render other API versions for other versions of Kubernetes, so a default may render what the cluster does "
    "not get. Set the version that the cluster runs.",
)
RELEASE_MISSING = Rule(
    "doctor/release-missing",
    Severity.ERROR,
    "A cluster whose kube-prometheus release has no library in the KubeAid repo cannot be built. Set "
    "kube_prometheus_version to a release that is there, or add the library of this one.",
)
REVISION_MISSING = Rule(
    "doctor/revision-missing",
    Severity.WARNING,
    "A build with pinned revisions leaves out every cluster whose KubeAid revision cannot be told or found. Fetch "
    "the repository's tags and branches, or correct the Application of the cluster.",
)
HISTORY_CUT = Rule(
    "doctor/history-cut",
    Severity.WARNING,
    "Pinned revisions are tags and commits, which a shallow clone or one without tags does not have. Fetch all of "
    "it; a CI job needs fetch-depth 0 in its checkout.",
)
NO_ORIGIN = Rule(
    "doctor/no-origin",
    Severity.WARNING,
    "Publishing needs to know where the config repo comes from, and a folder without a remote does not say. Clone "
    "it, or name the repository by its address.",
)
SECRET_IN_ADDRESS = Rule(
    "doctor/secret-in-address",
    Severity.WARNING,
    "Whoever can read the folder can read a token in its Git settings, and it stays there for as long as the folder "
    "does. Take it out of the address, revoke it, and give a new one in a variable.",
)
FORGE_UNKNOWN = Rule(
    "doctor/forge-unknown",
    Severity.ERROR,
    "A self-hosted forge cannot be told from its address, so nobody knows how to open a change request. Say which "
    "it is, on the command line or in the settings file.",
)
TOKEN_MISSING = Rule(
    "doctor/token-missing",
    Severity.WARNING,
    "Publishing opens change requests with a token from the environment, and there is none for this forge. Make "
    "one with the rights that the guide of your forge names, and set the variable.",
)
TOKEN_UNUSED = Rule(
    "doctor/token-unused",
    Severity.INFO,
    "A token is given out only to the forge and host that it is for, and only the first that fits is used. Unset "
    "the variable, or set the one that fits, if you expected otherwise.",
)
TOKEN_MALFORMED = Rule(
    "doctor/token-malformed",
    Severity.ERROR,
    "A token with a blank, a line break or a letter beyond ASCII in it was cut or copied wrongly, and no forge "
    "takes it. Set the variable again.",
)
ACCESS_MISSING = Rule(
    "doctor/access-missing",
    Severity.ERROR,
    "Without the right to read, to push and to open change requests a run ends half way. Give the token what the "
    "message names, or use another.",
)
BRANCH_MISSING = Rule(
    "doctor/branch-missing",
    Severity.ERROR,
    "Change requests are offered to a branch that has to be there. Correct its name, or leave it out to take the "
    "default branch.",
)
OLD_VARIABLE = Rule(
    "doctor/old-variable",
    Severity.INFO,
    "Variables of the platform's earlier scripts work and go on working, and any newer one comes before them. Use "
    "the new names when you touch the job anyway.",
)
FILE_MISSING = Rule(
    "doctor/file-missing",
    Severity.ERROR,
    "A file that is named but cannot be read is needed for every connection. Correct its path.",
)
NOT_REACHED = Rule(
    "doctor/not-reached",
    Severity.ERROR,
    "What was not reached could not be looked at, and publishing will fail the same way. Look at the network, the "
    "proxy and the certificates, and run again.",
)

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
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
}

_STATES = {Severity.ERROR: State.WRONG, Severity.WARNING: State.WARNING, Severity.INFO: State.NOTE}
_OWN_STATES = {
    TOOL_MISSING.id: State.MISSING,
    TOKEN_MISSING.id: State.MISSING,
    NOT_REACHED.id: State.NOT_REACHED,
}


def ok(area: Area, name: str, detail: str) -> Check:
    """A check that came to nothing but good."""
    return Check(area, name, State.OK, detail)


def not_checked(area: Area, name: str, why: str) -> Check:
    """Return a check that could not be made."""
    return Check(area, name, State.NOT_CHECKED, why)


def failed(rule: Rule, area: Area, name: str, detail: str, advice: str = "") -> Check:
    """A check on which the rule has something to say."""
    return Check(area, name, _OWN_STATES.get(rule.id) or _STATES[rule.severity], detail, advice, rule.id)


def worse(check: Check) -> Check:
    """The same check, where what is usually a warning keeps something from working."""
    return replace(check, state=State.WRONG)


def findings(checks: Iterable[Check]) -> Iterator[Finding]:
    """A finding for each check that is not well; those of other commands' rules are found there."""
    for check in checks:
        if rule := RULES.get(check.rule or ""):
            severity = Severity.ERROR if check.state is State.WRONG else rule.severity
            message = f"{check.detail}; {check.advice}" if check.advice else check.detail
            yield rule.at(
                None, message, subject=f"{check.area}: {check.name}", severity=severity, key="checkup", content=""
            )
