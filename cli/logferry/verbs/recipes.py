"""`recipe`: what games Logferry can be taught, and what a recipe makes of a file. Needs no daemon, sends nothing."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from logferry.daemon import home
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb


def add(verbs: Verbs) -> None:
    """Recipes."""
    inner = group(verbs, "recipe", "what reads a game's files, and what it makes of them; sends nothing")
    verb(inner, "list", "show every recipe, shipped or your own", list_recipes, reads=True)
    trial = verb(inner, "test", "show what a recipe makes of files, and what it takes out", test, reads=True)
    trial.add_argument("files", type=Path, nargs="*", metavar="FILE", help="a file or folder; none: only the recipe")
    trial.add_argument("--recipe", metavar="NAME|PATH", help="a recipe or the file of one; guessed when left out")


def list_recipes(_: Namespace, out: Output) -> Exit:
    """Every recipe; what is wrong with broken ones."""
    from logferry.views.recipes import recipe_list
    from logferry_daemon import recipe_trial

    found = recipe_trial.list_recipes(home().recipes_folder)
    out.show(found, recipe_list)
    return Exit.FAILED if found.problems else Exit.DONE


def test(args: Namespace, out: Output) -> Exit:
    """The recipe alone, or what it makes of files."""
    from logferry.views.recipes import recipe_info, trial
    from logferry_daemon import recipe_trial

    folder = home().recipes_folder
    if not args.files:
        if not args.recipe:
            out.trouble("There is nothing to test.", "Give a FILE, or --recipe NAME|PATH, or both.")
            return Exit.USAGE
        out.show(recipe_trial.check_recipe(args.recipe, folder), recipe_info)
        return Exit.DONE
    files = [file.expanduser() for file in args.files]
    with out.progress("reading") as step:
        found = recipe_trial.try_recipe(
            files, folder=folder, recipe=args.recipe, progress=lambda done, total: step(done, total, "")
        )
    out.show(found, trial)
    return Exit.DONE if found.totals.sessions else Exit.FAILED
