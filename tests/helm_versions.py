"""Renders a chart of ours as a version of Helm does, and with a real helm program, for comparison."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd.application import Parameter
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.helm.version import rules
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.render.source import render_source
from kubeaid_ci.render.task import ChartTask, FilesAt, Outcome
from tests import helm_binaries

KUBE_VERSION = "v1.34.0"
_SOURCE = re.compile(r"^# Source: [^/\n]+/(.*)\n", re.MULTILINE)

# Prints values with the Go type of each, which JSON alone does not show.
SHOW = """{{- define "show" -}}
{{- if kindIs "map" . -}}
{ {{- $first := true }}{{ range $k, $v := . }}{{ if not $first }},{{ end }}{{ $first = false }}{{ $k | toJson }}:{{ include "show" $v }}{{ end -}} }
{{- else if kindIs "slice" . -}}
[{{ range $i, $v := . }}{{ if $i }},{{ end }}{{ include "show" $v }}{{ end }}]
{{- else -}}
{{ printf "%s %s" (kindOf .) (toJson .) | toJson }}
{{- end -}}
{{- end -}}
"""
VALUES = 'apiVersion: v1\nkind: Values\nmetadata: {name: {{ .Template.Name }}}\nvalues: {{ include "show" .Values | toJson }}\n'

Files = Mapping[str, str]
Objects = list[tuple[str, Any]]


def version_of(program: Path) -> str:
    return program.name.removeprefix("helm-")


def ours(
    files: Files, layers: Sequence[str] = (), parameters: Sequence[Parameter] = (), *, helm: str, name: str = "rel"
) -> Objects | None:
    """The objects in order of path, each with its file; None if the chart is refused."""
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder) / "x", files)
        task = ChartTask(
            FilesAt(folder, WORK_TREE, ("x",)),
            "x",
            folder,
            name,
            "ns",
            KUBE_VERSION,
            (),
            layers=tuple(ValuesLayer(f"values-{number}.yaml", text) for number, text in enumerate(layers)),
            parameters=tuple(parameters),
            helm=rules(helm).since,
            helm_version=helm,
            where="app.yaml",
        )
        made = Outcome.unpacked(render_source(task), {})
    return None if made.failed else [(one.path.removeprefix("x/"), one.body) for one in made.objects]


def theirs(
    program: Path, files: Files, layers: Sequence[str] = (), parameters: Sequence[Parameter] = (), *, name: str = "rel"
) -> Objects | None:
    """The same of a real helm program."""
    with tempfile.TemporaryDirectory() as folder:
        chart = written(Path(folder) / "chart", files)
        options = []
        for number, text in enumerate(layers):
            path = Path(folder) / f"{number}.yaml"
            path.write_bytes(text.encode())
            options += ["--values", path]
        for one in parameters:
            options += ["--set-string" if one.is_text else "--set", f"{one.name}={one.value}"]
        made = helm_binaries.run(
            "template", chart, "--name-template", name, "--namespace", "ns", "--kube-version", KUBE_VERSION,
            "--include-crds", *options, program=program,
        )  # fmt: skip
    return None if made.returncode else printed(made.stdout)


def printed(stdout: str) -> Objects:
    """The objects of helm's output, in order of path and not of kind, as Argo CD reads them."""
    found: Objects = []
    for piece in re.split(r"(?m)^---\n(?=# Source: )", stdout)[1:]:
        source = _SOURCE.match(piece)
        assert source
        found += [(source[1], body) for body in documents.load_all(piece[source.end() :], where=source[1]) if body]
    return sorted(found, key=lambda one: one[0])


def written(folder: Path, files: Files) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    return folder


def shown(objects: Objects | None) -> object:
    """The values that `VALUES` printed in each chart, by the template's name, which has the alias of its chart."""
    return objects and {body["metadata"]["name"]: json.loads(body["values"]) for _, body in objects}
