"""The report of ``images overrides``."""

from kubeaid_ci import __version__
from kubeaid_ci.images.overrides import ImageOverrides, ImageUse
from kubeaid_ci.report.report import Report, Table

_HEADER = ("Application", "image", "proven", "values, or why not")


def override_report(overrides: ImageOverrides) -> Report:
    """Return the report: each use of an image, and whether it moves."""
    total = len(overrides.uses)
    return Report(
        "images overrides",
        __version__,
        summary={
            "uses": total,
            "proven": overrides.proven,
            "left": total - overrides.proven,
            "files": len(overrides.apps),
            "unknown": len(overrides.unknown),
            "mirror": str(overrides.mirror),
        },
        results=overrides.uses,
        findings=overrides.findings,
        table=Table(_HEADER, tuple(map(_row, sorted(overrides.uses, key=lambda use: use.proven)))),
        opening=(_headline(overrides),),
    )


def _headline(overrides: ImageOverrides) -> str:
    total, proven = len(overrides.uses), overrides.proven
    percent = f" ({100 * proven // total} %)" if total else ""
    unknown = f" · {len(overrides.unknown)} not rendered, so their images are unknown" if overrides.unknown else ""
    return f"{proven} of {total} image uses{percent} proven to come from {overrides.mirror}{unknown}"


def _row(use: ImageUse) -> tuple[str, ...]:
    app = f"{use.cluster}/{use.app}" if use.cluster else use.app
    return app, use.image, "yes" if use.proven else "no", ", ".join(use.keys) if use.proven else use.reason
