"""The child pipeline in which GitLab builds a large fleet: a job for each cluster, then one that publishes.

Format: https://docs.gitlab.com/ci/yaml/ and https://docs.gitlab.com/ci/pipelines/downstream_pipelines/.

It is written as JSON, which is YAML too and leaves nothing to guess about: the names of clusters are
those of folders, and folders may be called anything.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubeaid_ci.config_repo.cluster import ClusterInfo
from kubeaid_ci.visible import one_line, shortened

_REPORTS = "kubeaid-ci-reports"
_CACHE = ".kubeaid-ci/cache"
_BUILT = [f"{_CACHE}/build", f"{_CACHE}/objects"]
"""Cache folders of built clusters, so that the publishing job does not build again."""

_INSTALL = """\
umask 077
rm -rf kubeaid-ci-reports # whatever the tree brings of that name
home="$CI_PROJECT_DIR.tmp/kubeaid-ci-$CI_JOB_ID"
mkdir -p "$CI_PROJECT_DIR.tmp"
mkdir "$home"
trap 'rm -rf "$home"' EXIT
export KUBEAID_CI_CACHE="${KUBEAID_CI_CACHE:-$home/cache}"
[ ! -d .kubeaid-ci ] || chmod -R go= .kubeaid-ci # GitLab unpacks it for everybody
case "$KUBEAID_CI_PACKAGE" in
  "") ;;
  *git+*)
    address=${KUBEAID_CI_PACKAGE#*git+}
    git init --quiet "$home/source"
    git -C "$home/source" fetch --quiet --depth 1 "${address%@*}" "${address##*@}"
    git -C "$home/source" checkout --quiet FETCH_HEAD
    env -u PIP_CONSTRAINT RUNNER_TEMP="$home" GITHUB_PATH="$home/path" python3 -I "$home/source/actions/install.py"
    export PATH="$(cat "$home/path"):$PATH"
    ;;
  *)
    python3 -I -m venv "$home/venv"
    "$home/venv/bin/python" -I -m pip --quiet --disable-pip-version-check install --require-hashes "$KUBEAID_CI_PACKAGE"
    export PATH="$home/venv/bin:$PATH"
    ;;
esac
"""
_BUILD = f'kubeaid-ci build --report junit={_REPORTS}/junit.xml -- "$KUBEAID_CI_CLUSTER"'
_PUBLISH = (
    f"kubeaid-ci publish --preview {_REPORTS}/preview --dotenv {_REPORTS}/outputs.env"
    f" --report junit={_REPORTS}/junit.xml --report html={_REPORTS}/publish.html"
)
_LONGEST_NAME = 200
# What JSON lets pass but YAML does not, or takes for a line break.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def child_pipeline(
    clusters: Iterable[ClusterInfo],
    *,
    variables: Mapping[str, str],
    image: str | None = None,
    tags: Sequence[str] = (),
) -> str:
    """Return the child pipeline as JSON, with `variables` for every job. GitLab does not expand ``$`` in them.

    A cluster without a vars file, or whose folder's name is no text, has no job of its own; the job that publishes
    builds every cluster that it does not find built.
    """
    folders = [cluster.dir for cluster in clusters if cluster.vars_file and _is_text(cluster.dir)]
    pipeline = {
        "stages": ["build", "publish"],
        "variables": {name: _raw(value) for name, value in variables.items()}
        | {"GIT_DEPTH": "0", "KUBEAID_CI_CACHE": _CACHE},
        "default": _default(image, tags),
        ".build": _build(),
        **{name: _job(folder) for name, folder in _named(folders).items()},
        "publish": _publish(),
    }
    text = json.dumps(pipeline, indent=2, ensure_ascii=False, allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _default(image: str | None, tags: Sequence[str]) -> dict[str, Any]:
    """Return the keys that all jobs share."""
    return {
        **({"image": image} if image else {}),
        **({"tags": list(tags)} if tags else {}),
        "retry": {"max": 2, "when": ["runner_system_failure", "scheduler_failure"]},
        "before_script": [_INSTALL],
    }


def _build() -> dict[str, Any]:
    return {
        "stage": "build",
        "interruptible": True,
        "script": [_BUILD],
        "artifacts": {
            "when": "always",
            "paths": _BUILT,
            "expire_in": "1 day",
            "reports": {"junit": f"{_REPORTS}/junit.xml"},
        },
    }


def _job(folder: str) -> dict[str, Any]:
    """Return the job of one cluster. It has its own cache, so that it passes on no builds of other clusters."""
    key = hashlib.sha256(folder.encode()).hexdigest()[:16]
    return {
        "extends": ".build",
        "variables": {"KUBEAID_CI_CLUSTER": _raw(folder)},
        "cache": [
            {"key": "kubeaid-ci-mirrors", "paths": [f"{_CACHE}/mirrors"], "policy": "pull"},
            {"key": f"kubeaid-ci-cluster-{key}", "paths": _BUILT, "when": "always"},
        ],
    }


def _publish() -> dict[str, Any]:
    """Return the job that publishes. It always runs: a failed cluster does not keep the others from being published."""
    return {
        "stage": "publish",
        "when": "always",
        "resource_group": "kubeaid-ci-publish",
        "interruptible": False,
        "script": [_PUBLISH],
        "cache": {"key": "kubeaid-ci-mirrors", "paths": [f"{_CACHE}/mirrors"], "policy": "pull"},
        "artifacts": {
            "when": "always",
            "paths": [f"{_REPORTS}/"],
            "reports": {"junit": f"{_REPORTS}/junit.xml", "dotenv": f"{_REPORTS}/outputs.env"},
        },
    }


def _named(folders: Iterable[str]) -> dict[str, str]:
    """Return each folder by the name of its job. Folders whose names look the same are numbered."""
    named: dict[str, str] = {}
    for folder in folders:
        name = label = shortened(f"build {one_line(folder)}", _LONGEST_NAME)
        number = 1
        while name in named:
            number += 1
            name = f"{label} ({number})"
        named[name] = folder
    return named


def _raw(value: str) -> dict[str, Any]:
    return {"value": value, "expand": False}


def _is_text(name: str) -> bool:
    """Return whether a name is UTF-8. Python holds other names as halves of surrogate pairs."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
