"""A report in every format that people and programs read: one module a format, one line here."""

from collections.abc import Callable, Mapping

from kubeaid_ci.model.report import Report
from kubeaid_ci.report import codeclimate, html, json, junit, markdown_page, sarif, text

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json.render,
    "markdown": markdown_page.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "codeclimate": codeclimate.render,
    "html": html.render,
}
