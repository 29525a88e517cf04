"""The plan of ``kubeaid-ci images mirror``, without any registry."""

from pathlib import Path

from kubeaid_ci.cli.options import Options
from kubeaid_ci.cli.repositories import lock_folder
from kubeaid_ci.errors import UserError
from kubeaid_ci.images.inventory import ImageInventory
from kubeaid_ci.images.lock import LOCK
from kubeaid_ci.images.locking import read_lock_file
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_plan import plan_files, plan_mirror
from kubeaid_ci.images.mirroring import CopiedImage, CopyStatus, ImageMirror
from kubeaid_ci.net.address import names_address
from kubeaid_ci.runtime.files import write_folder


def locked_digests(options: Options, *, of_charts: bool) -> dict[str, str]:
    """Return the digests of the lock file in the checkout; empty if it has none, or the repository is an address."""
    name = options.kubeaid if of_charts else options.config_repo
    if name is None or (names_address(name) and not Path(name).exists()):
        return {}
    return read_lock_file(lock_folder(options, of_charts=of_charts) / LOCK)


def plan_only(inventory: ImageInventory, to: str, locked: dict[str, str], folder: Path) -> ImageMirror:
    """Write the plan to a folder. Raises `UserError` if it holds something, or the mirror is not a registry."""
    if to.startswith("dir:"):
        raise UserError("--plan is for a registry; without --plan, --to dir:PATH makes an OCI layout")
    mirror = Mirror.parse(to)
    plan = plan_mirror(inventory, locked, mirror)
    write_folder(folder, plan_files(plan, mirror))
    images = (CopiedImage(item.image, item.target, item.digest, item.type, CopyStatus.PLANNED) for item in plan.items)
    return ImageMirror(to, tuple(images), plan)
