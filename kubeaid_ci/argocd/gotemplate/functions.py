"""The functions of a template, each computed exactly as Go and sprig do, or not at all.

ApplicationSets have Go's own, those of https://github.com/Masterminds/sprig (v3.3.0) but `env`, `expandenv` and
`getHostByName`, and a few of Argo CD's. A name that is in `NAMES` and not in `FUNCTIONS` is not computed: it depends
on time or chance, or on rules that are not followed here. Any other name does not exist for Argo CD.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.argocd.gotemplate import (
    basic_functions,
    collection_functions,
    data_functions,
    number_functions,
    text_functions,
)
from kubeaid_ci.argocd.gotemplate.values import MISSING, Signature, StringMap, kind
from kubeaid_ci.errors import UserError

_NOT_COMPUTED = (
    "abbrev", "abbrevboth", "add1f", "addf", "ago", "b32dec", "b32enc", "base", "bcrypt", "buildCustomCert",
    "call", "camelcase", "chunk", "clean", "date", "dateInZone", "dateModify", "date_in_zone", "date_modify",
    "decryptAES", "deepCopy", "derivePassword", "dir", "divf", "duration", "durationRound", "encryptAES", "ext",
    "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert",
    "genSignedCertWithKey", "hello", "html", "htmlDate", "htmlDateInZone", "htpasswd", "initials", "isAbs", "js",
    "kebabcase", "maxf", "merge", "mergeOverwrite", "minf", "mulf", "mustChunk", "mustDateModify", "mustDeepCopy",
    "mustMerge", "mustMergeOverwrite", "mustRegexSplit", "mustToDate", "must_date_modify", "now", "osBase",
    "osClean", "osDir", "osExt", "osIsAbs", "pluck", "randAlpha", "randAlphaNum", "randAscii", "randBytes",
    "randInt", "randNumeric", "regexQuoteMeta", "regexSplit", "round", "semver", "seq", "shuffle", "snakecase",
    "subf", "swapcase", "toDate", "toDecimal", "typeIs", "typeIsLike", "typeOf", "unixEpoch", "untitle",
    "urlJoin", "urlParse", "urlquery", "uuidv4", "wrap", "wrapWith",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the kinds of its parameters, and what computes it."""

    name: str
    signature: Signature

    def call(self, args: Sequence[Any], literal: Sequence[bool]) -> Any:
        """Return the value for arguments; `literal` has for the first ones whether they are constants.

        Raises `UserError` if Go refuses the arguments or the function fails.
        """
        kinds = self.signature.kinds(len(args))
        if kinds is None:
            raise UserError(f"wrong number of arguments for {self.name}: {len(args)}")
        constants = (*literal, *[False] * (len(args) - len(literal)))
        values = [
            _converted(value, wanted, is_constant=constant)
            for value, wanted, constant in zip(args, kinds, constants, strict=True)
        ]
        return self.signature.compute(*values)


def _converted(value: Any, wanted: str, *, is_constant: bool) -> Any:
    """Return an argument as the parameter takes it; raises `UserError` for a wrong type."""
    match wanted:
        case "value":
            return MISSING if value is None and is_constant else value
        case "any":
            return None if value is MISSING else value
        case "dict" if (
            value is MISSING
            or (value is None and is_constant)
            or (isinstance(value, dict) and not isinstance(value, StringMap))
        ):
            return value if isinstance(value, dict) else {}
        case "int" if is_constant and isinstance(value, float) and value.is_integer():
            return int(value)
        case "int" | "string" | "bool" if kind(value) == wanted:
            return value
    raise UserError(f"wrong type for value; expected {wanted}; got {kind(value)}")


_SIGNATURES: Mapping[str, Signature] = {
    **basic_functions.SIGNATURES,
    **text_functions.SIGNATURES,
    **number_functions.SIGNATURES,
    **collection_functions.SIGNATURES,
    **data_functions.SIGNATURES,
}
FUNCTIONS = {name: Function(name, signature) for name, signature in _SIGNATURES.items()}
NAMES = frozenset((*FUNCTIONS, *_NOT_COMPUTED, "and", "or"))
