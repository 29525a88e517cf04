"""The rules that each ``charts`` command checks in full, if it looks at all charts.

Only for these rules can a suppression be reported as unused. Rules about a change, such as ``chart/ledger-changed``,
are in none of them: the next change may need the suppression.
"""

_STRUCTURE = (
    "chart/archive-beside-folder",
    "chart/changed-by-gitattributes",
    "chart/deprecated",
    "chart/dropped-by-gitignore",
    "chart/dropped-by-helmignore",
    "chart/invalid",
    "chart/linked-content",
    "chart/lock-out-of-date",
    "chart/not-checked",
    "chart/subchart-kube-version",
    "chart/subchart-missing",
    "chart/subchart-undeclared",
    "chart/symlink-escapes",
    "chart/version-mismatch",
)
_CONTENT = ("chart/file-added", "chart/file-missing", "chart/file-modified", "chart/not-in-ledger", "chart/own-unclear")
_UPSTREAM = (
    "chart/digest-mismatch",
    "chart/index-digest-stale",
    "chart/patch-does-not-apply",
    "chart/repacked",
    "chart/unsafe-archive",
    "chart/unverifiable",
    "chart/upstream-republished",
    "chart/version-unpublished",
    "chart/version-yanked",
)

VERIFY_OFFLINE = (*_STRUCTURE, *_CONTENT)
VERIFY = (*VERIFY_OFFLINE, *_UPSTREAM)
LIST = ("chart/invalid",)
RENDER = ("chart/render-failed", "chart/render-unstable")
LINT = (
    *RENDER,
    "chart/deprecated-api",
    "chart/duplicate-object",
    "chart/invalid",
    "chart/kubernetes-unknown",
    "chart/lint",
)
OUTDATED = ("chart/outdated", "chart/policy-unused")
UPDATE = ("chart/update-refused",)
