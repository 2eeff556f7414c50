"""Fills the templates in `pages/` and holds the files beside them. Decides nothing about what is shown."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from logferry_collector.reports import report
from logferry_collector.stored import Shown
from logferry_model.envelope import Problem, sha256_hex

ASSETS = {"page.css": "text/css", "icon.svg": "image/svg+xml"}


class Asset(Struct, frozen=True):
    """A file that pages refer to."""

    content: bytes
    media_type: str


class Pages:
    """Values in, HTML out."""

    def __init__(self, templates: Environment, assets: dict[str, Asset]) -> None:
        self._templates = templates
        self.assets = assets

    def report(self, shown: Shown) -> str:
        """The page of a stored session."""
        return self._templates.get_template("report.html.j2").render(report=report(shown, shown.session()))

    def problem(self, problem: Problem) -> str:
        """The page that says why there is no report."""
        phrase = HTTPStatus(problem.status).phrase
        return self._templates.get_template("problem.html.j2").render(problem=problem, phrase=phrase)


def load_pages() -> Pages:
    """The templates and files of this package, read once."""
    folder = files("logferry_collector") / "pages"
    assets = {name: Asset((folder / name).read_bytes(), media_type) for name, media_type in ASSETS.items()}
    templates = Environment(
        loader=PackageLoader("logferry_collector", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The address of a file changes with its content, so a browser never mixes two versions.
    templates.globals["asset"] = {
        name: f"/static/{name}?v={sha256_hex(asset.content)[:10]}" for name, asset in assets.items()
    }
    return Pages(templates, assets)
