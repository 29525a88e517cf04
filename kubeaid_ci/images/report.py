"""The reports of the `images` commands."""

from collections import Counter

from kubeaid_ci import __version__
from kubeaid_ci.images.hits import Confidence
from kubeaid_ci.images.inventory import ImageInventory, ListedImage
from kubeaid_ci.report.markdown import code
from kubeaid_ci.report.report import Report, Table

_HEADER = ("image", "confidence", "found in", "field")
_MOST_BLIND = 200


def list_report(inventory: ImageInventory) -> Report:
    """Return the report of ``images list``."""
    counts = Counter(listed.confidence for listed in inventory.images)
    return Report(
        "images list",
        __version__,
        summary={
            "images": len(inventory.images),
            **{confidence.value: counts[confidence] for confidence in Confidence},
            "pinned": sum(bool(listed.digest) for listed in inventory.images),
            "registries": len({listed.registry for listed in inventory.images}),
            "blind": len(inventory.blind),
            "unknown": len(inventory.unknown),
        },
        results=inventory.images,
        findings=inventory.findings,
        table=Table(_HEADER, tuple(map(_row, inventory.images))),
        opening=_opening(inventory),
        sections=_sections(inventory),
        details=_details(inventory),
    )


def _opening(inventory: ImageInventory) -> tuple[str, ...]:
    """Return one headline: how many images, and what is not known."""
    registries = len({listed.registry for listed in inventory.images})
    parts = [f"{_count(len(inventory.images), 'image')} from {_count(registries, 'registry', 'registries')}"]
    if inventory.clusters:
        parts[0] += f" in {_count(len(inventory.clusters), 'cluster')}"
    if inventory.blind:
        parts.append(f"{_count(len(inventory.blind), 'object')} whose image only the operator knows")
    if inventory.unknown:
        parts.append(f"{len(inventory.unknown)} not rendered, so their images are unknown")
    return (" · ".join(parts),)


def _row(listed: ListedImage) -> tuple[str, ...]:
    first = listed.found_in[0]
    subjects = list(dict.fromkeys(place.subject for place in listed.found_in))
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    return listed.image, listed.confidence.value, f"{subjects[0]}{more}", f"{first.kind} {first.name}: {first.path}"


def _details(inventory: ImageInventory) -> dict[str, tuple[str, ...]]:
    if not inventory.unknown:
        return {}
    return {"Not rendered, so their images are unknown": inventory.unknown}


def _sections(inventory: ImageInventory) -> dict[str, str]:
    found = {}
    if inventory.unknown:
        found["Not rendered, so their images are unknown"] = "\n".join(f"- {code(each)}" for each in inventory.unknown)
    if inventory.blind:
        lines = [
            f"- {code(each.subject)}: {code(f'{each.kind} {each.name}')}: {each.reason}"
            for each in inventory.blind[:_MOST_BLIND]
        ]
        if len(inventory.blind) > _MOST_BLIND:
            lines.append(f"- and {len(inventory.blind) - _MOST_BLIND} more")
        found["Objects whose image only the operator knows"] = "\n".join(lines)
    return found


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"
