"""How many bytes go out for a session, beside the file that it was read from and beside gzip -6 of the same letter."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from benchmarks.harness import Finding, Target, compared, interleave, seconds
from benchmarks.preparation import OWNER, prepared, written
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.packing import zstd_packed
from tests.packed import unpacked

ABOUT = "bytes of letters, and time to pack them; lower is better"
SOURCE, GZIP = "the tracker's files", "gzip -6"


def run(*, quick: bool) -> Iterator[Finding]:
    files = [written(events, seed) for seed, events in enumerate((800, 2_500, 5_000) * (2 if quick else 8))]
    letters = [prepared(data, Detectors(OWNER)).body for data in files]
    documents = [unpacked(letter) for letter in letters]
    sizes = {
        "letters": (sum(map(len, letters)) / 1000,),
        SOURCE: (sum(map(len, files)) / 1000,),
        GZIP: (sum(len(gzip.compress(one, 6, mtime=0)) for one in documents) / 1000,),
    }
    what = f"{len(files)} letters"
    yield from compared(
        "wire", what, "kB", sizes, ours="letters", peers=(SOURCE,), target=Target(0.13), stretch=Target(0.1)
    )
    yield from compared("wire", what, "kB", sizes, ours="letters", peers=(GZIP,), target=Target(0.9))
    times = interleave(
        {
            "zstd": lambda: 1000 * seconds(lambda: [zstd_packed(one) for one in documents]),
            GZIP: lambda: 1000 * seconds(lambda: [gzip.compress(one, 6, mtime=0) for one in documents]),
        },
        3 if quick else 9,
    )
    yield from compared("wire", f"packing {what}", "ms", times, ours="zstd", peers=(GZIP,), target=Target(1.1))
