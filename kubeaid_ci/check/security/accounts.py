"""Service accounts of pods: accounts that do not exist, and tokens that pods do not need."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.check.applied import applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.security.workloads import workloads
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import text
from kubeaid_ci.render.cluster_state import ClusterState

ACCOUNT_MISSING = Rule(
    "security/account-missing",
    Severity.WARNING,
    "Kubernetes creates no pod whose service account does not exist, and no Application creates this account. Let the "
    "chart create it, or correct its name.",
)
TOKEN_MOUNTED = Rule(
    "security/token-mounted",
    Severity.INFO,
    "The pods have a token of the account default, which a program that does not call the API has no use for and an "
    "attacker has. Set automountServiceAccountToken: false, or give the pods an account of their own.",
    is_posture=True,
)
RULES = (ACCOUNT_MISSING, TOKEN_MOUNTED)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report workloads by their account."""
    accounts = _accounts(state, context)
    for workload in workloads(state, context):
        spec = workload.pods.spec
        name = text(spec, "serviceAccountName") or text(spec, "serviceAccount") or "default"
        account = accounts.get((*workload.namespace, name))
        if name != "default" and account is None:
            key, namespace = str(workload.item.manifest.key), workload.namespace[1]
            message = f"{key}: no service account {namespace}/{name}"
            yield workload.item.absence(state, ACCOUNT_MISSING, message, key=key, namespace=namespace)
        mounts = spec.get("automountServiceAccountToken")
        if mounts is None:
            mounts = (account or {}).get("automountServiceAccountToken")
        if name == "default" and mounts is not False:
            yield workload.finding(TOKEN_MOUNTED, "its pods have a token of the account default")


def _accounts(state: ClusterState, context: CheckContext) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    return {
        (item.app.destination, item.manifest.key.namespace, item.manifest.key.name): item.manifest.body
        for item in applied(state, context)
        if (item.manifest.key.group, item.manifest.key.kind) == ("", "ServiceAccount")
    }
