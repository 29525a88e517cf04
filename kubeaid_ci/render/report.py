"""The report of a rendering."""

from collections import Counter

from kubeaid_ci.render.rendering import Masked, RenderedApp, Renderings, RenderStatus
from kubeaid_ci.report.markdown import code
from kubeaid_ci.report.report import Report, Table

_HEADER = ("cluster", "Application", "KubeAid", "status", "objects", "masked")
_MOST_MASKED = 100


def report(renderings: Renderings, *, command: str, version: str) -> Report:
    """The report of ``kubeaid-ci render`` and ``charts render``; the objects themselves are in its results."""
    counts = Counter(app.status for app in renderings.apps)
    masked = [(app, one) for app in renderings.apps for one in app.masked]
    return Report(
        command,
        version,
        summary={
            "applications": len(renderings.apps),
            **{status.value: counts[status] for status in RenderStatus},
            "objects": sum(len(app.manifests) for app in renderings.apps),
            "masked": len(masked),
            "cached": sum(app.cached for app in renderings.apps),
            **({"helm": renderings.helm} if renderings.helm else {}),
        },
        results=renderings.apps,
        findings=renderings.findings,
        table=Table(_HEADER, tuple(map(_row, renderings.apps))),
        sections={"Values that are others in every rendering": _masked(masked)} if masked else {},
    )


def _row(app: RenderedApp) -> tuple[str, ...]:
    status = f"{app.status.value}{' (cached)' if app.cached else ''}"
    return (app.cluster, app.app, app.revision or "-", status, str(len(app.manifests)), str(len(app.masked) or ""))


def _masked(masked: list[tuple[RenderedApp, Masked]]) -> str:
    lines = [f"- {code(f'{app.cluster}/{app.app}')}: {code(f'{one.key}')} {code(one.field)}" for app, one in masked]
    more = [f"- and {len(lines) - _MOST_MASKED} more"] if len(lines) > _MOST_MASKED else []
    return "\n".join([*lines[:_MOST_MASKED], *more])
