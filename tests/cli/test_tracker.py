import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from logferry.demo import tracker
from logferry.demo.generators.artemis import Document
from tests.factories import Ending, artemis_document, encode_document, file_name, journal


def plan(tmp_path: Path, **changes: object) -> dict[str, Any]:
    return {"pause": 0.0, "manifest": str(tmp_path / "manifest.json"), **changes}


def play(tmp_path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """As the demo does: a copy under a game's name, run by an interpreter that knows no library but its own."""
    script, plan_file = tmp_path / "EliteDangerous64.exe", tmp_path / "plan.json"
    script.write_bytes(Path(tracker.__file__).read_bytes())
    plan_file.write_text(json.dumps(told), encoding="utf-8")
    subprocess.run([sys.executable, "-I", "-S", str(script), str(plan_file)], check=True)
    manifest: dict[str, Any] = json.loads(Path(told["manifest"]).read_text(encoding="utf-8"))
    return manifest


@pytest.fixture
def document() -> Document:
    return artemis_document(events=10)


def test_artemis_leaves_the_whole_document_and_says_so(tmp_path: Path, document: Document) -> None:
    file = tmp_path / file_name(document)
    told = plan(tmp_path, tracker="artemis", way="document", file=str(file), content=document)
    assert play(tmp_path, told) == {"tracker": "artemis", "file": file.name, "written": document}
    assert json.loads(file.read_bytes()) == document


def test_artemis_writes_in_place_and_sometimes_half(tmp_path: Path, document: Document) -> None:
    file = tmp_path / "session.json"
    states: list[bytes] = []

    def look(_: float) -> None:
        """Sleeping is when others see the file."""
        states.append(file.read_bytes())

    tracker.rewrite(file, document, torn=False, pause=1, sleep=look)
    inode = file.stat().st_ino
    tracker.rewrite(file, document, torn=True, pause=1, sleep=look)
    whole = encode_document(document)
    assert states == [whole, whole[: len(whole) // 2]]
    assert file.read_bytes() == whole
    assert file.stat().st_ino == inode


def test_elite_appends_lines_without_the_last_newline(tmp_path: Path) -> None:
    made = journal(ending=Ending.QUIT, events=10)
    file = tmp_path / made.name
    told = plan(tmp_path, tracker="elite-dangerous", way="lines", file=str(file), content=list(made.texts))
    assert play(tmp_path, told)["written"] == list(made.texts)
    assert file.read_bytes() == made.encode()
