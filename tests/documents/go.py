"""Real Go YAML, in process: Helm's `toYaml` and `fromYaml`, which are sigs.k8s.io/yaml over go-yaml v2."""

import base64
import io
import json
import tarfile
from functools import cache
from typing import Any

import helm_python

_FILES = {
    "x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n",
    "x/values.yaml": "write: []\nread: []\n",
    "x/templates/write.yaml": "{{ range .Values.write }}{{ toYaml . | b64enc }}\n{{ end }}",
    "x/templates/read.yaml": "{{ range .Values.read }}{{ fromYaml . | toJson | b64enc }}\n{{ end }}",
}


def write(values: list[Any]) -> list[str]:
    """What Helm's toYaml makes of each value; it takes the last line break off."""
    return _render("write", values)


def read(texts: list[str]) -> list[Any]:
    """What Helm's fromYaml makes of each text, as JSON; {"Error": …} where it refuses."""
    return [json.loads(text) for text in _render("read", texts)]


def _render(name: str, values: list[Any]) -> list[str]:
    rendered = _chart().render({name: values})
    return [base64.b64decode(line).decode() for line in rendered[f"x/templates/{name}.yaml"].splitlines()]


@cache
def _chart() -> helm_python.Chart:
    helm_python.disable_logging()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in _FILES.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return helm_python.Chart.load_archive(packed.getvalue())
