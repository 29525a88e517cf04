"""``python -m kubeaid_ci``."""

import os
import sys

if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - pathlib is not loaded yet
    # Python puts the current folder first, and a checkout may hold a click.py.
    del sys.path[0]

from kubeaid_ci.cli.main import main

if __name__ == "__main__":
    main()
