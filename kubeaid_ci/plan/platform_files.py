"""The files of a KubeAid repo that follow its charts: the list of apps that monitoring reads, and the VERSION."""

import re
from collections.abc import Iterable, Mapping

from kubeaid_ci import documents
from kubeaid_ci.documents.scalars import one_line
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.policy import Step
from kubeaid_ci.model.version import Version

APPS = "build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml"
"""The names of all umbrella charts, as the monitoring build reads them."""
VERSION = "VERSION"
CHANGELOG = "CHANGELOG.md"
FILES = (APPS, VERSION, CHANGELOG)
_RELEASE = re.compile(r"^## .*?Version v?(\d+\.\d+\.\d+)\s*$", re.MULTILINE)


def following(texts: Mapping[str, str], folders: Iterable[str], step: Step | None) -> dict[str, str]:
    """The new texts of those of the files that change, given those that are there, every chart and the largest step.

    Raises `UserError` where one of them is not of the form that is known.
    """
    after = {}
    if APPS in texts:
        after[APPS] = apps(texts[APPS], folders)
    if VERSION in texts and step is not None:
        after[VERSION] = version(texts[VERSION], texts.get(CHANGELOG, ""), step)
    return {path: text for path, text in after.items() if text != texts[path]}


def apps(text: str, folders: Iterable[str]) -> str:
    """The list of apps with what is missing at its end and without what is gone; the order of the others stays.

    Raises `UserError` where the file is not of that form.
    """
    said = documents.load(text, where=APPS)
    listed = said.get("kubeaid_apps") if isinstance(said, dict) else None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed) or len(said) != 1:
        raise UserError(f"{APPS}: expected kubeaid_apps and a list of names; run the update again once it is")
    there = set(folders)
    wanted = [name for name in dict.fromkeys(listed) if name in there]
    wanted += sorted(there - set(wanted))
    if wanted == listed:
        return text
    return "kubeaid_apps:\n" + "".join(f"  - {one_line(name)}\n" for name in wanted)


def version(text: str, changelog: str, step: Step) -> str:
    """The VERSION of the next release: the last one's, one step on, and never lower than it is already.

    The last release is the first in the changelog, which the platform's release script writes; without
    one nothing tells it, and the VERSION stays.
    """
    last = _RELEASE.search(changelog)
    if last is None:
        return text
    try:
        now, before = Version.parse(text.strip()), Version.parse(last[1])
    except UserError:
        return text
    major, minor, patch = before.release
    match step:
        case Step.MAJOR:
            after = (major + 1, 0, 0)
        case Step.MINOR:
            after = (major, minor + 1, 0)
        case Step.PATCH:
            after = (major, minor, patch + 1)
    return text if now.release >= after else ".".join(map(str, after)) + "\n"
