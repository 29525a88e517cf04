"""The files of a KubeAid repo that follow its charts: the list of apps that monitoring reads, and VERSION."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress

from kubeaid_ci import documents
from kubeaid_ci.documents.scalars import one_line
from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import Step

APPS = "build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml"
"""The names of all umbrella charts, as the monitoring build reads them."""
VERSION = "VERSION"
CHANGELOG = "CHANGELOG.md"
FILES = (APPS, VERSION, CHANGELOG)
_ITEM = re.compile(r"^([ ]*)- ", re.MULTILINE)
_RELEASE = re.compile(r"^## .*?Version v?(\d+\.\d+\.\d+)\s*$", re.MULTILINE)


def following(texts: Mapping[str, str], *, added: Collection[str], step: Step | None) -> dict[str, str]:
    """Return the new texts of the files that change, by path.

    `texts` are the files that exist, `added` the umbrella charts that are new, `step` the largest step of an update.
    Raises `UserError` if a file that would change has an unknown form.
    """
    after = {}
    if APPS in texts and added:
        after[APPS] = apps(texts[APPS], added)
    if VERSION in texts and step is not None:
        after[VERSION] = version(texts[VERSION], texts.get(CHANGELOG, ""), step)
    return {path: text for path, text in after.items() if text != texts[path]}


def apps(text: str, added: Collection[str]) -> str:
    """Return the list of apps with new names at its end. All other lines stay as they are.

    Raises `UserError` if the file has an unknown form.
    """
    listed = _listed(text)
    new = sorted(set(added) - set(listed))
    if not new:
        return text
    items = list(_ITEM.finditer(text))
    indent, end = (items[-1][1], "\r\n" if "\r\n" in text else "\n") if items else ("  ", "\n")
    lines = "".join(f"{indent}- {one_line(name)}{end}" for name in new)
    appended = (text if text.endswith("\n") else text + end) + lines
    with suppress(UserError):
        if _listed(appended) == [*listed, *new]:
            return appended
    return "kubeaid_apps:\n" + "".join(f"  - {one_line(name)}\n" for name in (*listed, *new))


def _listed(text: str) -> list[str]:
    loaded = documents.load(text, where=APPS)
    listed = loaded.get("kubeaid_apps") if isinstance(loaded, dict) else None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed) or len(loaded) != 1:
        raise UserError(f"{APPS}: expected kubeaid_apps and a list of names; run the update again once it is")
    return listed


def version(text: str, changelog: str, step: Step) -> str:
    """Return the version of the next release: the last release raised by `step`, never lower than it is already.

    The last release is the first in the changelog, which the platform's release script writes. Without one VERSION
    stays as it is.
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
