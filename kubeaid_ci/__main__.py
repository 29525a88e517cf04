"""``python -m kubeaid_ci``."""

from kubeaid_ci.cli import main

if __name__ == "__main__":
    main()
