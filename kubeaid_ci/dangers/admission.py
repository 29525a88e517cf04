"""Admission webhooks, admission policies, and API services."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, at, body, both, is_kind, listed, mapping, mappings, named, text, texts
from kubeaid_ci.findings.finding import Severity

_GROUP = "admissionregistration.k8s.io"
_CONDITIONS = ("matchConditions", "matchConstraints", "matchResources", "paramKind", "paramRef", "policyName")

_Webhook = Mapping[str, Any]
_MOST = 20_000


def check_webhooks(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about webhooks that are new, see more or less, fail otherwise, or are answered by something else."""
    if is_kind(
        difference, "admissionregistration.k8s.io", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
    ):
        old, new = (named(mappings(body(side), "webhooks")) for side in (difference.before, difference.after))
        for name, webhook in new.items():
            for what in _new(webhook) if name not in old else _widened(old[name], webhook):
                yield Draft(rules.WEBHOOK_WIDENED, f"webhook {name} {what}")
            if name in old and (fewer := _unmatched(old[name], webhook)):
                yield Draft(rules.PROTECTION_REMOVED, f"webhook {name} no longer sees {fewer}")
        if difference.after is not None and (gone := [name for name in old if name not in new]):
            yield Draft(rules.PROTECTION_REMOVED, f"webhook {listed(gone)} is gone: what it checked is admitted")


def _new(webhook: _Webhook) -> Iterator[str]:
    closed = "; where it is down, these requests fail" if _fails_closed(webhook) else ""
    matched = listed([f"{operation} {what}" for operation, what in _matched(webhook)])
    yield f"is new: it sees {matched or 'nothing'}{closed}"
    if url := text(webhook, "clientConfig", "url"):
        yield f"sends what it sees to {_host(url)}, outside the cluster"


def _widened(old: _Webhook, new: _Webhook) -> Iterator[str]:
    if _fails_closed(new) and not _fails_closed(old):
        yield "has failurePolicy Fail: where it is down, these requests fail"
    elif _fails_closed(old) and not _fails_closed(new):
        yield "has failurePolicy Ignore: where it is down, everything is admitted"
    matched = _matched(old)
    if more := [f"{operation} {what}" for operation, what in _matched(new) if not _covered((operation, what), matched)]:
        yield f"sees more: {listed(more)}"
    url, before = text(new, "clientConfig", "url"), text(old, "clientConfig", "url")
    if url and url != before:
        yield f"sends what it sees to {_host(url)}, outside the cluster"
    service, was = (_service(webhook) for webhook in (new, old))
    if service and service != was:
        yield f"is answered by {service} instead of {was or 'an address outside the cluster'}"
    if _scopes(old) - _scopes(new):
        yield "sees objects of the cluster as well as those of namespaces"
    for selector in ("namespaceSelector", "objectSelector", "matchConditions"):
        if (at(old, selector) or None) != (at(new, selector) or None):
            yield f"has another {selector}: it sees other objects than before"


def _unmatched(old: _Webhook, new: _Webhook) -> str:
    matched = _matched(new)
    return listed(
        [f"{operation} {what}" for operation, what in _matched(old) if not _covered((operation, what), matched)]
    )


def _fails_closed(webhook: _Webhook) -> bool:
    return bool(webhook.get("failurePolicy", "Fail") == "Fail")


def _matched(webhook: _Webhook) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for rule in mappings(webhook, "rules"):
        lists = [texts(rule, field) for field in ("operations", "apiGroups", "resources")]
        if len(lists[0]) * len(lists[1]) * len(lists[2]) <= _MOST:
            found |= {
                (operation, f"{group}/{resource}" if group else resource)
                for operation, group, resource in product(*lists)
            }
    return found


def _covered(wanted: tuple[str, str], matched: set[tuple[str, str]]) -> bool:
    operation, what = wanted
    group, slash, resource = what.rpartition("/") if what.count("/") == 1 else ("", "", what)
    wider = {what, f"{group}{slash}*", f"*/{resource}", "*/*"}
    return any(pair in matched for pair in product({operation, "*"}, wider))


def _host(url: str) -> str:
    """Return the host of an address, without what may be secret in it."""
    try:
        return urlsplit(url).hostname or "an address that cannot be read"
    except ValueError:
        return "an address that cannot be read"


def _service(webhook: _Webhook) -> str:
    service = mapping(webhook, "clientConfig", "service")
    return f"service {text(service, 'namespace')}/{text(service, 'name')}{text(service, 'path')}" if service else ""


def _scopes(webhook: _Webhook) -> set[str]:
    """Return the scope that restricts the rules of a webhook."""
    scopes = {text(rule, "scope") or "*" for rule in mappings(webhook, "rules")}
    return set() if "*" in scopes else scopes


def check_policies(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about policies that refuse less or change more, and API services that change."""
    if is_kind(difference, "apiregistration.k8s.io", "APIService"):
        yield from _api_service(difference)
    if difference.after is None:
        return
    old, new = both(difference, "spec")
    if difference.before is None:
        if is_kind(difference, _GROUP, "MutatingAdmissionPolicy"):
            yield Draft(rules.WEBHOOK_WIDENED, "it changes objects as they are admitted")
    elif is_kind(difference, _GROUP, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        yield from _policy(old, new)
    elif is_kind(difference, "kyverno.io", "ClusterPolicy", "Policy"):
        if text(old, "validationFailureAction").lower() == "enforce" != text(new, "validationFailureAction").lower():
            yield Draft(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")
    elif difference.manifest.key.group == "constraints.gatekeeper.sh":
        action = text(new, "enforcementAction")
        if action in ("dryrun", "warn") and text(old, "enforcementAction") not in ("dryrun", "warn"):
            yield Draft(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")


def _policy(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    if "Deny" in texts(old, "validationActions") and "Deny" not in texts(new, "validationActions"):
        yield Draft(rules.PROTECTION_REMOVED, "what it refused is admitted, and only reported")
    if text(new, "failurePolicy") == "Ignore" != text(old, "failurePolicy"):
        yield Draft(rules.PROTECTION_REMOVED, "if it is unreachable, everything is admitted")
    if changed := [field for field in ("validations", *_CONDITIONS) if at(old, field) != at(new, field)]:
        yield Draft(rules.PROTECTION_REMOVED, f"it may admit what it refused: {listed(changed)}")


def _api_service(difference: Difference) -> Iterator[Draft]:
    old, new = both(difference, "spec")
    served = f"{text(new or old, 'group')}/{text(new or old, 'version')}"
    if difference.after is None:
        yield Draft(rules.API_SERVICE_CHANGED, f"{served} is no longer served: requests to it fail")
    elif difference.before is None:
        yield Draft(
            rules.API_SERVICE_CHANGED,
            f"{served} is answered by service {_of(new)}",
            Severity.INFO if _of(new) else None,
        )
    elif mapping(old, "service") != mapping(new, "service"):
        yield Draft(rules.API_SERVICE_CHANGED, f"{served} is answered by service {_of(new)} instead of {_of(old)}")
    if new.get("insecureSkipTLSVerify") is True and old.get("insecureSkipTLSVerify") is not True:
        yield Draft(rules.API_SERVICE_CHANGED, f"the API server does not check who answers for {served}")


def _of(spec: Mapping[str, Any]) -> str:
    return f"{text(spec, 'service', 'namespace')}/{text(spec, 'service', 'name')}" if mapping(spec, "service") else ""
