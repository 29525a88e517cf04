"""What this program is, for caches of what it makes of its input."""

import hashlib
from functools import cache
from pathlib import Path

import kubeaid_ci


@cache
def digest() -> str:
    """Names our own code. The version alone does not: several commits share one."""
    folder = Path(kubeaid_ci.__file__).parent
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        data = path.read_bytes()
        found.update(f"{path.relative_to(folder)} {len(data)}\n".encode() + data)
    return found.hexdigest()
