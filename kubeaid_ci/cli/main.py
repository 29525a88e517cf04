"""The command line: finds the command, and is the one place where errors become exit codes."""

import errno
import gc
import os
import signal
import sys
import traceback
from typing import Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.environment import name_the_variable
from kubeaid_ci.cli.groups import COMMANDS, LazyGroup
from kubeaid_ci.cli.options import common_options
from kubeaid_ci.cli.terminal import drop_output, notice, open_streams
from kubeaid_ci.errors import KubeaidCiError

_NAME = "kubeaid-ci"
_COMPLETION = "_KUBEAID_CI_COMPLETE"
_INPUT = 2
_BUG = 4
_INTERRUPTED = 130
_PIPE_CLOSED = 141
# Errors of the machine, which its owner can fix: disk full, no permission, too many open files.
_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENAMETOOLONG,
    errno.EIO,
    errno.EBADF,  # standard output that is open for reading only
}


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option can be set by an environment variable, e.g. KUBEAID_CI_JOBS for --jobs. "
    "Exit codes: 0 success, 1 findings or differences, 2 usage or input error, "
    "3 network, forge or remote, 4 internal error, 130 interrupted.",
)
@common_options
@click.version_option(__version__, prog_name="kubeaid-ci", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **values: Any) -> None:
    """CI for GitOps Kubernetes platforms: build, verify and compare what Argo CD syncs.

    \b
    Example: kubeaid-ci build --config-repo ../kubernetes-config --kubeaid ../KubeAid
    """
    ctx.obj = values


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    # We allocate millions of objects and almost no cycles. Frequent garbage collection costs 10 % of the run time.
    gc.set_threshold(200_000)
    # CI systems end a job with SIGTERM. Workers and temporary folders must go then too, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # An error in the options themselves must know it too, so click cannot read this option.
    debug = "--debug" in sys.argv[1:] or os.environ.get("KUBEAID_CI_DEBUG", "").lower() not in ("", "0", "false")
    has_output = open_streams()
    code = _run(debug=debug)
    if not has_output:
        # Reports are written, and the forge gets its comment, also without it.
        code = max(code, _fail("error: standard output is closed; redirect it to a file or to /dev/null", _INPUT))
    try:
        sys.stdout.flush()
    except OSError as error:
        drop_output(sys.stdout)
        code = _output_failed(error)
    try:
        sys.stderr.flush()
    except OSError:
        drop_output(sys.stderr)
    sys.exit(code)


def _run(*, debug: bool) -> int:
    try:
        code = _invoke()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _fail("interrupted", _INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line: it must not read as findings
        if debug and not isinstance(error, click.ClickException):
            for line in traceback.format_exc().splitlines():
                notice(line)
        return _failed(error, debug=debug)
    return code if isinstance(code, int) else 0


def _invoke() -> Any:
    """Run the command. Unlike click's own main function, it does not turn a closed pipe into exit code 1."""
    if _COMPLETION in os.environ:
        return cli.main(standalone_mode=False, prog_name=_NAME)
    try:
        with cli.make_context(_NAME, sys.argv[1:]) as context:
            return cli.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code


def _failed(error: Exception, *, debug: bool) -> int:
    """Report an error and return its exit code."""
    match error:
        case click.ClickException():
            return _usage(error)
        case KubeaidCiError():
            return _fail(f"error: {error}", error.exit_code)
        case OSError() if error.errno in _MACHINE or isinstance(error, BrokenPipeError):
            return _output_failed(error)
    advice = "; please report it" if debug else "; please report it with the output of --debug"
    return _fail(f"internal error: {type(error).__name__}: {error}{advice}", _BUG)


def _output_failed(error: OSError) -> int:
    """Report a write that failed. The reader of our output may close the pipe without a message."""
    if isinstance(error, BrokenPipeError):
        drop_output(sys.stdout)
        return _PIPE_CLOSED
    where = error.filename if error.filename is not None else "standard output"
    return _fail(f"error: {where}: {error.strerror or error}", _INPUT)


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # the help text
        return error.exit_code
    name_the_variable(error)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        notice(error.ctx.get_usage())
        notice(f"Try '{error.ctx.command_path} --help' for help.")
    return _fail(f"error: {error.format_message()}", error.exit_code)


def _fail(message: str, code: int) -> int:
    notice(f"kubeaid-ci: {message}")
    return code
