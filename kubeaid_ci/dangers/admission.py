"""Policies of admission, and parts of the API that something else answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Said, at, both, is_kind, listed, mapping, text, texts
from kubeaid_ci.findings.finding import Severity

_GROUP = "admissionregistration.k8s.io"
_CONDITIONS = ("matchConditions", "matchConstraints", "matchResources", "paramKind", "paramRef", "policyName")


def check_policies(difference: Difference) -> Iterator[Said]:
    """Policies that refuse less or change more, and API services that change."""
    if is_kind(difference, "apiregistration.k8s.io", "APIService"):
        yield from _api_service(difference)
    if difference.after is None:
        return
    old, new = both(difference, "spec")
    if difference.before is None:
        if is_kind(difference, _GROUP, "MutatingAdmissionPolicy"):
            yield Said(rules.WEBHOOK_WIDENED, "it changes objects as they are admitted")
    elif is_kind(difference, _GROUP, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        yield from _policy(old, new)
    elif is_kind(difference, "kyverno.io", "ClusterPolicy", "Policy"):
        if text(old, "validationFailureAction").lower() == "enforce" != text(new, "validationFailureAction").lower():
            yield Said(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")
    elif difference.manifest.key.group == "constraints.gatekeeper.sh":
        action = text(new, "enforcementAction")
        if action in ("dryrun", "warn") and text(old, "enforcementAction") not in ("dryrun", "warn"):
            yield Said(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")


def _policy(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Said]:
    if "Deny" in texts(old, "validationActions") and "Deny" not in texts(new, "validationActions"):
        yield Said(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")
    if text(new, "failurePolicy") == "Ignore" != text(old, "failurePolicy"):
        yield Said(rules.PROTECTION_REMOVED, "if it is unreachable, everything is admitted")
    if changed := [field for field in ("validations", *_CONDITIONS) if at(old, field) != at(new, field)]:
        yield Said(rules.PROTECTION_REMOVED, f"it may admit what it refused: {listed(changed)}")


def _api_service(difference: Difference) -> Iterator[Said]:
    old, new = both(difference, "spec")
    served = f"{text(new or old, 'group')}/{text(new or old, 'version')}"
    if difference.after is None:
        yield Said(rules.API_SERVICE_CHANGED, f"{served} is no longer served: requests to it fail")
    elif difference.before is None:
        yield Said(
            rules.API_SERVICE_CHANGED,
            f"{served} is answered by service {_of(new)}",
            Severity.INFO if _of(new) else None,
        )
    elif mapping(old, "service") != mapping(new, "service"):
        yield Said(rules.API_SERVICE_CHANGED, f"{served} is answered by service {_of(new)} instead of {_of(old)}")
    if new.get("insecureSkipTLSVerify") is True and old.get("insecureSkipTLSVerify") is not True:
        yield Said(rules.API_SERVICE_CHANGED, f"the API server does not check who answers for {served}")


def _of(spec: Mapping[str, Any]) -> str:
    return f"{text(spec, 'service', 'namespace')}/{text(spec, 'service', 'name')}" if mapping(spec, "service") else ""
