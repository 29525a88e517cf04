"""Run by the Python that has network-config-analyzer: prints the connectivity of each file as one JSON object.

python connectivity_oracle.py FILE…
"""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

from nca.nca_cli import nca_main
from nca.NetworkConfig.PeerContainer import PeerContainer

_by_key = PeerContainer.get_peers_with_key


def _in_all_namespaces(self, namespace, key, does_not_exist):
    """Version 2.1.0 looks for Exists and DoesNotExist of a podSelector in the namespace of the policy only.

    With a namespaceSelector next to it, the pods of the selected namespaces count. The parser takes the namespace into
    account by itself.
    """
    return _by_key(self, None, key, does_not_exist)


PeerContainer.get_peers_with_key = _in_all_namespaces


def connectivity(file: str, out: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        arguments = ["--connectivity", file, "--resource_list", file, "--output_format", "txt_no_fw_rules"]
        nca_main([*arguments, "--output_endpoints", "pods", "--file_out", out, "--return_0"])
    return Path(out).read_text()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for file in sys.argv[1:]:
            out = Path(folder, "out.txt")
            out.unlink(missing_ok=True)
            json.dump({"file": file, "text": connectivity(file, str(out))}, sys.stdout)
            print(flush=True)
