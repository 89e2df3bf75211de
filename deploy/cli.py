"""The command line: which commands there are, and how every one of them ends.

A command is loaded from its own file when it is called, so that `--help` and the
completion of a shell are quick: neither loads what renders, queues or draws.
"""

import importlib
import os
import sys
import traceback

import click

from deploy import exits
from deploy.exits import Exit

COMMANDS = {  # in the order of `--help`; the sentence is the first of the command's own help
    "up": "Start everything and keep it up until Ctrl-C.",
    "submit": "Send a job to an API, watch it, fetch the video.",
    "check": "Say what a job would take, or all that is wrong with it; nothing is rendered.",
    "watch": "Show how a job gets on, until it has ended.",
    "list": "List jobs, newest first.",
    "download": "Fetch the video of a job.",
    "cancel": "End jobs; one that has ended stays as it is.",
    "faces": "Keep faces at the API, and use them by id.",
    "voices": "List languages and their voices; SEARCH: those whose code or name has it.",
    "render": "Make a video in this process: no store, no queue.",
    "fleet": "Show the workers of all hosts: device, speed, what is in hand, last error.",
    "worker": "Run this host's workers on the stores of LIPCHORD_QUEUE_URL and LIPCHORD_BLOB_URL.",
    "api": "Run the API alone, on the stores of LIPCHORD_QUEUE_URL and LIPCHORD_BLOB_URL.",
    "store": "Run one of the two stores alone, behind the password of its settings.",
    "probe": "Exit 0 where PART is well, 1 with a sentence where it is not.",
    "webhook-secret": "Show the secret by which receivers of webhooks verify them.",
    "doctor": "Look this host over, and say what to do about what is not well.",
    "completion": "Print the script by which a shell completes commands, options and jobs.",
}


class LazyGroup(click.Group):
    """Commands by name, each imported from `deploy.commands` when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name; None: there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"deploy.commands.{cmd_name.replace('-', '_')}")
        commands = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in commands if each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of `--help` from the table: no command is loaded for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    epilog=exits.in_words(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="lipchord")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Text or speech, and a face, in; a talking video out."""


def main() -> None:
    """The console script: one line for an error, a traceback only with --debug."""
    if "render" in sys.argv:
        _settle_environment()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command line; errors are printed."""
    try:
        code = cli.main(arguments, prog_name="lipchord", standalone_mode=False)
        return code if isinstance(code, int) else Exit.DONE
    except click.exceptions.Abort:
        return _complain("Interrupted.", Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _complain(*exits.told(error))


def _complain(what: str, code: Exit) -> int:
    from deploy.console import complain  # here, not above: it loads rich

    complain(what)
    return code


def _settle_environment() -> None:
    """Start this very command again with variables that are read before Python's first line.

    malloc's, which save a third of the time, and those that keep caches and
    temporary files in the checkout.
    """
    from deploy.devices import CPU_RENDERING
    from deploy.places import Places

    if not CPU_RENDERING.keys() <= os.environ.keys():
        places = Places.at(os.environ.get("LIPCHORD_VAR_DIR", ".var"))
        folder = places.var / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **places.env(), "TMPDIR": str(folder), **CPU_RENDERING}
        os.execve(sys.executable, sys.orig_argv, env)  # noqa: S606


if __name__ == "__main__":
    main()
