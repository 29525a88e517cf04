"""Evaluates code with rjsonnet and gives the reference's answers."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from kubeaid_ci.build.jsonnet.reference.cursor import UnsupportedError
from kubeaid_ci.build.jsonnet.reference.natives import NATIVES
from kubeaid_ci.build.jsonnet.reference.operands import CODE, JSON
from kubeaid_ci.build.jsonnet.reference.plain_data import is_plain_data
from kubeaid_ci.build.jsonnet.reference.rewrite import LIBRARY, rewritten

Find = Callable[[str, str, bool], tuple[str, str]]
# Data must not have the path of the code in the same file: the engine keeps one text for each path.
# Nothing can be below a file, so no other file has this path.
_DATA = "/(data)"


def evaluate(name: str, code: str, *, max_stack: int, ext_codes: dict[str, str], find: Find) -> str:
    """Evaluate code to JSON.

    `find` returns the path and the text of an import, given the importing folder, the imported path
    and whether it is imported as code. Raises RuntimeError for everything that rjsonnet cannot
    evaluate, or not as the reference does.
    """
    import rjsonnet

    plain_data: dict[str, str] = {}

    def found(folder: str, imported: str) -> tuple[str, str]:
        if imported == LIBRARY:
            return LIBRARY, _library()
        if imported.startswith(JSON):
            return imported, plain_data[imported]
        is_code = imported.startswith(CODE)
        path, text = find(folder, imported.removeprefix(CODE), is_code)
        if not is_code:
            return path + _DATA, text
        if not is_plain_data(text):
            return path, rewritten(text)
        plain_data[JSON + path] = text
        return path, f"std.parseJson(importstr {json.dumps(JSON + path)})"

    try:
        # Collecting garbage costs more than the evaluation; workers are replaced before memory runs out.
        return str(
            rjsonnet.evaluate_snippet(  # type: ignore[call-arg]  # its stub lacks gc
                name,
                rewritten(code),
                max_stack=max_stack,
                ext_codes={variable: rewritten(text) for variable, text in ext_codes.items()},
                import_callback=found,
                native_callbacks=NATIVES,
                gc=False,
            )
        )
    except UnsupportedError as error:
        raise RuntimeError(f"only the reference evaluates the code at position {error}") from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise RuntimeError(f"rjsonnet panicked: {error}") from error  # its PanicException is no Exception


@cache
def _library() -> str:
    return Path(__file__).with_name("std.libsonnet").read_text(encoding="utf-8")
