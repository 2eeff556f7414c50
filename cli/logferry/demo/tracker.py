"""Behaves like a game tracker: writes one session the way the real program writes it, then quits.

A script of its own: it needs the standard library alone, so that the demo can copy it and start it under a game's name.
It is told what to write and how fast (a plan, see `plays.py`), and afterwards says what it wrote (the manifest).

    python tracker.py PLAN.json
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main(plan_file: str) -> None:
    """Plays the plan and leaves the manifest."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    write = {"document": write_document, "lines": append_lines}[plan["way"]]
    written = write(plan)
    manifest = {"tracker": plan["tracker"], "file": Path(plan["file"]).name, "written": written}
    Path(plan["manifest"]).write_text(json.dumps(manifest), encoding="utf-8")


def write_document(plan: dict[str, Any]) -> dict[str, Any]:
    """Artemis: the whole file afresh on every event, in place; the end comes as one more field."""
    whole: dict[str, Any] = plan["content"]
    events: list[Any] = []
    document = {key: value for key, value in whole.items() if key != "endedAt"} | {"events": events}
    for count, event in enumerate(whole["events"]):
        events.append(event)
        rewrite(Path(plan["file"]), document, torn=count % 8 == 3, pause=plan["pause"])
    document["endedAt"] = whole["endedAt"]
    rewrite(Path(plan["file"]), document, torn=True, pause=plan["pause"])
    return document


def rewrite(
    file: Path, document: dict[str, Any], *, torn: bool, pause: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Not atomic, like the real one: the file is cut to nothing first, and sometimes half of it stands for a while."""
    data = json.dumps(document, indent=2, ensure_ascii=False).encode()
    half = len(data) // 2 if torn else len(data)
    with file.open("wb") as out:
        out.write(data[:half])
        out.flush()
        sleep(pause)
        out.write(data[half:])


def append_lines(plan: dict[str, Any]) -> list[str]:
    """Elite Dangerous: a line at a time, each flushed; its line break comes with the next line."""
    written: list[str] = []
    with Path(plan["file"]).open("ab") as out:
        for text in plan["content"]:
            out.write((("\r\n" if written else "") + text).encode())
            out.flush()
            written.append(text)
            time.sleep(plan["pause"])
    return written


if __name__ == "__main__":
    main(sys.argv[1])
