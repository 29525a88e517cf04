"""The command line: finds the command, and is the one place where errors become exit codes."""

import gc
import os
import sys
import traceback
from typing import Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.environment import name_the_variable
from kubeaid_ci.commands.lazy import LazyGroup
from kubeaid_ci.commands.options import common_options
from kubeaid_ci.errors import KubeaidCiError

_BUG = 4
_INTERRUPTED = 130

# Each command by name: where it lives and what it does, so that --help loads none of them.
COMMANDS = {
    "build": ("kubeaid_ci.commands.build", "Build kube-prometheus manifests of clusters."),
    "charts": ("kubeaid_ci.commands.charts", "List, verify and update umbrella charts and what is vendored in them."),
    "clusters": ("kubeaid_ci.commands.clusters", "List the clusters of a config repo."),
    "diff": ("kubeaid_ci.commands.diff", "Say what a change or an upgrade does to every cluster."),
    "render": ("kubeaid_ci.commands.render", "Render every object that ArgoCD would apply to clusters."),
    "publish": ("kubeaid_ci.commands.publish", "Build clusters and open or update the change request."),
    "doctor": ("kubeaid_ci.commands.doctor", "Say what this machine, both repositories and the forge lack."),
    "demo": ("kubeaid_ci.commands.demo", "Make small repositories and run every job on them, offline."),
}


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option may also be said by a variable, --jobs by KUBEAID_CI_JOBS. "
    "Exit codes: 0 nothing to say, 1 findings or differences, 2 wrong usage or input, "
    "3 network, forge or remote, 4 a bug of ours, 130 interrupted.",
)
@common_options
@click.version_option(__version__, prog_name="kubeaid-ci", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:
    """CI for GitOps Kubernetes platforms: build, verify and compare what ArgoCD syncs.

    Example: kubeaid-ci build --config-repo ../kubernetes-config --kubeaid ../KubeAid
    """
    ctx.obj = given


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    # A run makes millions of values and hardly a cycle; to look for these often is a tenth of all its time.
    gc.set_threshold(200_000)
    # Looked at by hand: an error in the options themselves must know it too.
    debug = "--debug" in sys.argv[1:] or os.environ.get("KUBEAID_CI_DEBUG", "").lower() not in ("", "0", "false")
    try:
        code = cli.main(standalone_mode=False, prog_name="kubeaid-ci")
    except click.exceptions.Abort:
        code = _say("interrupted", _INTERRUPTED)
    except click.ClickException as error:
        name_the_variable(error)
        error.show()
        code = error.exit_code
    except KubeaidCiError as error:
        if debug:
            traceback.print_exc()
        code = _say(f"error: {error}", error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        code = _say("interrupted", _INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line: it must not read as findings
        code = _bug(error, debug=debug)
    sys.exit(code if isinstance(code, int) else 0)


def _say(message: str, code: int) -> int:
    click.echo(f"kubeaid-ci: {message}", err=True)
    return code


def _bug(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    advice = "" if debug else "; run again with --debug and report what it prints"
    return _say(f"a bug of ours: {type(error).__name__}: {error}{advice}", _BUG)
