"""The formats of a report by name: one module a format, one line here."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from kubeaid_ci.report.report import Report


def _of(module: str) -> Callable[[Report], str]:
    """Return the format of a module, which is imported on first use: a run needs one or two of them."""

    def render(report: Report) -> str:
        rendered: str = import_module(f"{__package__}.{module}").render(report)
        return rendered

    return render


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": _of("text"),
    "json": _of("json"),
    "markdown": _of("markdown_page"),
    "sarif": _of("sarif"),
    "junit": _of("junit"),
    "codeclimate": _of("codeclimate"),
    "html": _of("html"),
}


def parts(name: str, report: Report) -> Iterable[str]:
    """Return a report in a format as texts that follow one another: JSON may be too large for memory as a whole."""
    if name == "json":
        texts: Iterable[str] = import_module(f"{__package__}.json").parts(report)
        return texts
    return (FORMATS[name](report),)
