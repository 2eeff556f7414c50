"""The command line as one argparse tree that the verb groups add themselves to. Calls nothing, prints only help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from logferry.exits import Exit

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

    from logferry.output import Output

Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 -- argparse has no public name for it
"""What a verb group adds its verbs to."""

Run = Callable[[argparse.Namespace, "Output"], Exit]
"""What a verb does: its arguments and where its words go, in; how it ended, out."""


class Help(argparse.HelpFormatter):
    """Keeps every verb and what it does on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        # argparse measures its verbs without their indent, and breaks the line of the longest.
        self._action_max_length = len("  destinations") + 4


class Parser(argparse.ArgumentParser):
    """An argument parser that guesses what was meant and never takes half a word for a whole one."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(**{"allow_abbrev": False, "formatter_class": Help, **options})

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        words = [str(choice) for choice in action.choices]
        raise argparse.ArgumentError(action, f'"{value}" is not known.{_guess(str(value), words)}')

    def error(self, message: str) -> NoReturn:
        """The usage, what was wrong, and exit code 2."""
        self.print_usage()
        self.exit(Exit.USAGE, f"logferry: {message}\n")

    def print_usage(self, file: SupportsWrite[str] | None = None) -> None:
        """On the error stream: nobody asked for it."""
        import sys

        super().print_usage(file or sys.stderr)


def _guess(word: str, known: Iterable[str]) -> str:
    import difflib

    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else f" Known: {', '.join(words)}."


def group(verbs: Verbs, name: str, about: str) -> Verbs:
    """A word that is followed by a verb, as `sources` by `list`."""
    parser = verbs.add_parser(name, help=about, description=about)
    return parser.add_subparsers(metavar="VERB", required=True)


def verb(verbs: Verbs, name: str, about: str, run: Run, *, reads: bool = False) -> Parser:
    """A verb; one that `reads` takes `--json`."""
    parser = verbs.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    if reads:
        parser.add_argument("--json", action="store_true", help="for programs: the same as JSON")
    return parser
