"""Options from the environment: ``KUBEAID_CI_KUBEAID_REF`` sets ``--kubeaid-ref``.

An empty variable counts as not set, so that a CI system can pass an unset input.
"""

from collections.abc import Sequence

import click
from click.core import ParameterSource

from kubeaid_ci.config_repo.names import listed
from kubeaid_ci.errors import UserError

PREFIX = "KUBEAID_CI_"


def from_environment(command: click.Command) -> click.Command:
    """Return the command, its options and its list of names now also read from variables that are named like them.

    Options with `allow_from_autoenv=False` have none: the variable of that name is another command's list.
    """
    for parameter in command.params:
        parameter.envvar = _variable(parameter)
        if isinstance(parameter, click.Argument) and parameter.name == "clusters":
            parameter.type = _ClusterNames()
    return command


class PathList(click.Path):
    """The paths of a repeatable option; in a variable they are space-separated, where click expects colons."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Split the value of a variable at spaces."""
        return rv.split()


class _ClusterNames(click.types.StringParamType):
    """Names of clusters: a JSON list, or space-separated lines. A name may contain spaces itself."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Split the value of a variable into lines; names are separated once the clusters are known."""
        try:
            return listed(rv)
        except UserError as error:
            raise click.BadParameter(str(error), param_hint=f"{PREFIX}CLUSTERS") from error


def is_from_environment(ctx: click.Context, parameter: str) -> bool:
    """Return whether a parameter's value comes from the environment."""
    return ctx.get_parameter_source(parameter) is ParameterSource.ENVIRONMENT


def is_on_command_line(ctx: click.Context, parameter: str) -> bool:
    """Return whether a parameter's value is on the command line."""
    return ctx.get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def name_the_variable(error: click.ClickException) -> None:
    """Name the variable in an error about a value that came from the environment."""
    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return
    if error.param.name and is_from_environment(error.ctx, error.param.name):
        error.param_hint = str(error.param.envvar)


def _variable(parameter: click.Parameter) -> str | None:
    match parameter:
        case click.Option(allow_from_autoenv=False):
            return None
        case click.Option(expose_value=True):
            name = max(parameter.opts, key=len).removeprefix("--")
        case click.Argument(nargs=-1):
            name = parameter.name or ""
        case _:
            return None
    return PREFIX + name.replace("-", "_").upper()
