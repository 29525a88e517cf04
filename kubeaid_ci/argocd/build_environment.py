"""The build environment of a source: the variables that Argo CD's repo server puts into its fields.

The names are those of `newEnv` in reposerver/repository of Argo CD 3.5. The tools of plugins get more variables,
``KUBE_VERSION`` among them; in a field of a source those are empty text, as is any other name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SHORT, _SHORT_8 = 7, 8
# Go's os.Expand: a special name is one character, and "${" without an end is dropped.
_VARIABLE = re.compile(
    r"\$(?:\{(?:(?P<special>[*#$@!?0-9-])\}|(?P<braced>[^}]*)\}|(?P<open>))|(?P<name>[*#$@!?0-9-]|\w+))", re.ASCII
)


class UnknownVariableError(Exception):
    """A field uses a variable that is known only when Argo CD syncs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"${name}")
        self.name = name


@dataclass(frozen=True, slots=True)
class BuildEnvironment:
    """The variables of one source by name; the value is None if it is known only at a sync."""

    values: Mapping[str, str | None]

    @classmethod
    def of(
        cls,
        *,
        app: str,
        namespace: str,
        project: str,
        revision: str | None,
        url: str,
        path: str,
        target_revision: str,
    ) -> "BuildEnvironment":
        """Return the variables of a source.

        `app` is the instance name of the Application, ``<namespace>_<name>`` outside Argo CD's own namespace, and
        `namespace` that of its destination. `revision` is the id that `target_revision` resolves to, None if unknown.
        """
        return cls(
            {
                "ARGOCD_APP_NAME": app,
                "ARGOCD_APP_NAMESPACE": namespace,
                "ARGOCD_APP_PROJECT_NAME": project or "default",
                "ARGOCD_APP_REVISION": revision,
                "ARGOCD_APP_REVISION_SHORT": revision[:_SHORT] if revision else None,
                "ARGOCD_APP_REVISION_SHORT_8": revision[:_SHORT_8] if revision else None,
                "ARGOCD_APP_SOURCE_PATH": path,
                "ARGOCD_APP_SOURCE_REPO_URL": url,
                "ARGOCD_APP_SOURCE_TARGET_REVISION": target_revision,
            }
        )

    def expand(self, text: str) -> str:
        """Replace ``$NAME`` and ``${NAME}`` as Go's `os.Expand` does; ``$$`` is a dollar sign.

        Raises `UnknownVariableError` for a variable whose value is unknown.
        """
        return _VARIABLE.sub(self._value, text) if "$" in text else text

    def _value(self, found: re.Match[str]) -> str:
        name = found["special"] or found["braced"] or found["name"] or ""
        if name == "$":
            return "$"
        value = self.values.get(name, "")
        if value is None:
            raise UnknownVariableError(name)
        return value
