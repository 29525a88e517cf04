"""Secrets in plain text in Git."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext, ConfigFiles
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import mapping, mappings, text, text_map
from kubeaid_ci.render.cluster_state import ClusterState

SECRET_PLAIN = Rule(
    "gitops/secret-plain",
    Severity.ERROR,
    "Everybody who can read the repository, now or later, can read this Secret. Replace the credential, and commit a "
    "SealedSecret instead.",
)
PRIVATE_KEY = Rule(
    "gitops/private-key",
    Severity.ERROR,
    "Everybody who can read the repository, now or later, can use this key. Replace the key, and keep the new one "
    "outside of Git or in a SealedSecret.",
)
CREDENTIAL_PLAIN = Rule(
    "gitops/credential-plain",
    Severity.ERROR,
    "Everybody who can read the repository, now or later, can use this credential. Replace it, and refer to a Secret "
    "instead.",
)
RULES = (SECRET_PLAIN, PRIVATE_KEY, CREDENTIAL_PLAIN)

_YAML = (".yaml", ".yml", ".json")
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\n|[^A-Za-z0-9+/]|[A-Z][A-Za-z-]+: [^\n]*\n)*"
    r"[A-Za-z0-9+/=]{40,}"
)
_ENCODED_KEY = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,}={0,2}")
_TOKENS: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})"),
    "a token of GitLab": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w{20,}"),
    "a key of Google": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a password in an address": re.compile(
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"'<>${}]+:[^\s/:@\"'<>${}*]{6,}@[\w.-]+"
    ),
}
_EXAMPLE = re.compile(r"(?i)example|changeme|placeholder|redacted|x{6,}|user(?:name)?:pass(?:word)?@")
# Keys of values and settings whose name promises a credential, with a literal value.
_NAMED = re.compile(
    r"^[ \t]*(?:- )?[\"']?(?P<key>[\w.-]*(?:password|passwd|token|api[_-]?key|secret[_-]?key|secret[_-]?access[_-]?key|"
    r"client[_-]?secret))[\"']?[ \t]*:[ \t]*"
    r"(?P<quote>[\"']?)(?P<value>[^\s\"'#{}\[\],$<>|&*!%@`]{8,})(?P=quote)[ \t]*(?:,[ \t]*)?(?:#.*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_HARMLESS_VALUE = re.compile(r"(?i)true|false|null|none|[a-z]+(?:-[a-z]+)+|/.*|https?:.*|.*\.(?:key|pem|crt|token)")
# Text that something replaces later, or that sops encrypted.
_RENDERED = "<rendered>"
_PLACEHOLDER = re.compile(rf"ENC\[.*|\{{\{{.*|\$\{{[^{{}}]*\}}|<[^<>]*>|.*{_RENDERED}.*", re.DOTALL)
_ACTION = re.compile(r"\{\{[^{}\n]*\}\}")
_ACTIONS = re.compile(r"^[ \t]*(?:\{\{[^{}\n]*\}\}[ \t]*)+$", re.MULTILINE)
_CREDENTIAL_NAME = re.compile(
    r"(?i)pass|token|secret|key|cert|credential|auth|url|config|conf|\.json|\.ya?ml|\.ini|\.env"
)
# Keys of the Secrets that configure Argo CD, without a credential in them.
_ARGO_CD = ("url", "type", "name", "project", "server", "enableLfs", "insecure", "enableOCI", "forceHttpBasicAuth")
_PASSWORD = re.compile(
    r"(?im)^[ \t]*[\"']?\w*(?:password|passwd|token|secret|api_?key|api_url|service_key|routing_key)[\"']?\s*[=:]\s*"
    r"[\"']?[^\s\"'#;<>{}$]{6,}"
)
_INSTALLER_SECRETS = re.compile(r"(?:^|/)kubeaid-(?:cli|bootstrap-script)\.secrets\.ya?ml$")


@dataclass(frozen=True, slots=True)
class _Secret:
    """A rule, what was found in plain text, and the line. `severity` is set if it is not that of the rule."""

    rule: Rule
    what: str
    line: int
    severity: Severity | None = None


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield plain secrets in the folder of a cluster."""
    for path in context.files.paths:
        is_output = path.startswith(f"{state.cluster.output}/")
        for secret in _secrets(context.files, path, is_output=is_output):
            yield _finding(secret, path, state.cluster.label)


def check_repository(context: CheckContext) -> Iterator[Finding]:
    """Yield plain secrets in files that belong to no cluster."""
    for path in context.files.paths:
        if not any(path.startswith(f"{folder}/") for folder in context.folders):
            for secret in _secrets(context.files, path, is_output=False):
                yield _finding(secret, path, path.partition("/")[0])


def _finding(secret: _Secret, path: str, subject: str) -> Finding:
    message = f"{secret.what} in plain text"
    return secret.rule.at(path, message, subject=subject, line=secret.line, severity=secret.severity, key=secret.what)


def _secrets(files: ConfigFiles, path: str, *, is_output: bool) -> Iterator[_Secret]:
    found = files.text(path) or ""
    if "\0" in found[:1024]:
        return
    keys = [_Secret(PRIVATE_KEY, "a private key", _line(found, at)) for at in _private_keys(found)]
    yield from keys[:1]
    if path.endswith(_YAML) and "Secret" in found and not keys:
        yield from _of_kind(found, is_output=is_output)
    for what, pattern in _TOKENS.items():
        match = next((one for one in pattern.finditer(found) if not _EXAMPLE.search(one[0])), None)
        if match:
            yield _Secret(CREDENTIAL_PLAIN, what, _line(found, match.start()))
    if _INSTALLER_SECRETS.search(path):
        if match := re.search(r"(?m)^[ \t]*\w+:[ \t]*[^\s#].*$", found):
            yield _Secret(CREDENTIAL_PLAIN, "secrets of the installer", _line(found, match.start()))
    elif _is_written(path, is_output=is_output) and "kind: Secret" not in found and "SealedSecret" not in found:
        yield from _named(found)


def _private_keys(found: str) -> Iterator[int]:
    yield from (match.start() for match in _KEY.finditer(found))
    for match in _ENCODED_KEY.finditer(found):
        if "PRIVATE KEY-----" in _decoded(match[0])[:100]:
            yield match.start()


def _is_written(path: str, *, is_output: bool) -> bool:
    """Return whether a person writes values into the file: values, Applications, vars and general settings."""
    return not is_output and path.startswith("k8s/") and path.endswith((".yaml", ".yml", "-vars.jsonnet"))


def _named(found: str) -> Iterator[_Secret]:
    for match in _NAMED.finditer(found):
        value = match["value"]
        if not _HARMLESS_VALUE.fullmatch(value) and not _EXAMPLE.search(value):
            line = _line(found, match.start("key"))
            yield _Secret(CREDENTIAL_PLAIN, match["key"], line, Severity.WARNING)


def _of_kind(found: str, *, is_output: bool) -> Iterator[_Secret]:
    """Yield the Secrets of a file that hold something. Built monitoring has Secrets that only configure it."""
    if "{{" in found:
        # A template is YAML only after Helm rendered it. Its lines stay where they are.
        found = _ACTION.sub(_RENDERED, _ACTIONS.sub("", found))
    for number, path, body in _bodies(found):
        if text(body, "kind") != "Secret" or text(body, "apiVersion") != "v1" or mapping(body, "sops"):
            continue
        name = next((key for key, value in _entries(body) if _is_secret(key, value, body, is_output=is_output)), None)
        if name is not None:
            field = "stringData" if name in mapping(body, "stringData") else "data"
            line = _line_of(found, number, (*path, field, name))
            yield _Secret(SECRET_PLAIN, f"Secret {text(body, 'metadata', 'name')}", line)


def _bodies(found: str) -> Iterator[tuple[int, tuple[str | int, ...], Any]]:
    """Yield the objects of a file: the number of the document, the path of the object in it, and the object.

    Objects in lists are included, documents that cannot be read are not.
    """
    number = -1
    for piece in documents.split(found):
        try:
            body = documents.load(piece, where="YAML")
        except UserError:
            continue
        if body is None:  # only comments
            continue
        number += 1
        items = mappings(body, "items")
        own = {"apiVersion": "v1", "kind": "Secret"} if text(body, "kind") == "SecretList" else {}
        yield from ((number, ("items", place), {**own, **item}) for place, item in enumerate(items))
        if not items:
            yield number, (), body


def _line_of(found: str, document: int, path: tuple[str | int, ...]) -> int:
    """Return the line of a field, counted from 1; that of the kind if another document cannot be read."""
    try:
        return documents.locate(found, path, document=document) or 1
    except UserError:
        return places.text_line(found, r"\bkind:[ ]*[\"']?Secret") or 1


def _entries(body: Any) -> Iterator[tuple[str, str]]:
    yield from text_map(body, "stringData").items()
    for key, value in text_map(body, "data").items():
        yield key, value if _PLACEHOLDER.fullmatch(value.strip()) else _decoded(value)


def _is_secret(key: str, value: str, body: Any, *, is_output: bool) -> bool:
    if not value.strip() or _EXAMPLE.fullmatch(value.strip()) or _PLACEHOLDER.fullmatch(value.strip()):
        return False
    if is_output:
        return bool(_PASSWORD.search(value)) or ("\n" not in value and bool(_CREDENTIAL_NAME.search(key)))
    labels = text_map(body, "metadata", "labels")
    is_of_argo_cd = "argocd.argoproj.io/secret-type" in labels
    return not (is_of_argo_cd and key in _ARGO_CD and not re.search(r"://[^/\s:]*:[^/\s@]*@", value))


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=False).decode("utf-8", "replace")
    except ValueError:  # not base64, or not even ASCII
        return value


def _line(found: str, at: int) -> int:
    return found.count("\n", 0, at) + 1
