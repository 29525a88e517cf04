"""``kubeaid-ci doctor``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.publish_options import chosen_publish_options, forge_options
from kubeaid_ci.cli.settings_in_force import read_settings
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.settings import Settings


@command()
@forge_options
@common_options
@click.pass_context
def doctor(ctx: click.Context, /, **values: Any) -> None:
    """Check this machine, both repositories and the forge for problems that prevent building or publishing.

    Writes nothing and pushes nothing. Reports the variables of tokens, never their values. Exits with 2
    where something is wrong, with 3 where the remote or the forge was not reached.

    \b
    Example: kubeaid-ci doctor --config-repo ../kubernetes-config --kubeaid ../KubeAid
    """
    from kubeaid_ci.checkup.doctor import doctor as job
    from kubeaid_ci.checkup.report import report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import publish_address
    from kubeaid_ci.git.access import split_address
    from kubeaid_ci.repositories.folders import is_address, public_address

    options = resolve(ctx, values, needs_kubeaid=False, settings_of=_readable_settings)
    if options.kubeaid and not options.kubeaid_is_explicit and is_address(options.kubeaid):
        public_address(split_address(options.kubeaid)[0], options.config_repo)
    checkup = job(
        publish_address(options),
        options.kubeaid,
        kubeaid_ref=options.kubeaid_ref,
        engine=options.settings.engine or "rjsonnet",
        options=chosen_publish_options(values, options.settings.publish),
    )
    done(ctx, report(checkup, version=__version__), options, ran=("doctor",), failure=checkup.failure)


def _readable_settings(folder: Path) -> "Settings":
    """Return the settings; None if the file cannot be read, which the report shows."""
    try:
        return read_settings(folder)
    except UserError:
        from kubeaid_ci.settings import Settings

        return Settings()
