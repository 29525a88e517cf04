"""Go templates with sprig's functions, as ApplicationSets use them (https://pkg.go.dev/text/template)."""

from kubeaid_ci.argocd.gotemplate.evaluate import MissingKeyError, render
from kubeaid_ci.argocd.gotemplate.values import StringList, StringMap, format_float, from_json, to_text

__all__ = ["MissingKeyError", "StringList", "StringMap", "format_float", "from_json", "render", "to_text"]
