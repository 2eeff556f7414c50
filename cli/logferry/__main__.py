"""The `logferry` command: finds the verb, calls it, turns trouble into words and an exit code. Does no work itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from logferry.daemon import NOT_RUNNING
from logferry.exits import Exit
from logferry.extras import not_installed
from logferry.output import Output
from logferry.parser import Parser
from logferry.verbs import GROUPS
from logferry_daemon.adapters.own_programs import PROGRAM
from logferry_model.errors import LogferryError

ABOUT = "Notices when a game session is over and gets it, once, to where its owner wants it."
CODES = "exit codes: 0 done, 1 it went wrong, 2 usage, 3 no daemon runs, 4 waiting for a person or a destination"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns its exit code."""
    if (program := own_program(sys.argv[1:] if argv is None else argv)) is not None:
        return program()
    try:
        args = command_line().parse_args(argv)
    except SystemExit as ended:  # argparse ends the process itself after --help, --version and mistakes
        return int(ended.code or 0)
    out = Output.of_process(as_json=getattr(args, "json", False))
    try:
        return int(args.run(args, out))
    except LogferryError as error:
        out.error(error)
        return Exit.NO_DAEMON if error.code == NOT_RUNNING else Exit.FAILED
    except KeyboardInterrupt:
        out.trouble("Interrupted.")
        return Exit.FAILED
    except BrokenPipeError:
        return _reader_gone()
    except ModuleNotFoundError as error:
        if (trouble := not_installed(error)) is None:
            raise
        out.error(trouble)
        return Exit.FAILED


def own_program(words: Sequence[str]) -> Callable[[], int] | None:
    """What this executable is besides, where all of Logferry is one: the programs that the daemon starts."""
    if list(words[:1]) != [PROGRAM]:
        return None
    # Each where it is wanted: no verb needs them.
    if list(words[1:]) == ["logferry_daemon.workshop.worker"]:
        from logferry_daemon.workshop.worker import main as program
    elif list(words[1:]) == ["logferry_daemon.isolation.sqlite_child"]:
        from logferry_daemon.isolation.sqlite_child import main as program
    else:
        return None
    return program


def command_line() -> Parser:
    """The whole command line."""
    parser = Parser(prog="logferry", description=ABOUT, epilog=CODES)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    for add in GROUPS:
        add(verbs)
    return parser


class _Version(argparse.Action):
    """Looks the version up when it is asked for: that takes longer than many a verb."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        Output.of_process(as_json=False).say(f"logferry {version('logferry')}")
        parser.exit()


def _reader_gone() -> Exit:
    """`logferry sessions list | head`: the rest is not wanted, which is no mistake of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main())
