"""What a preview says beside what is sent."""

from __future__ import annotations

import msgspec

from logferry.views.previews import preview
from logferry_ipc.messages import Preview


def test_what_will_make_it_another_one_is_said() -> None:
    note = "There is no key for tokens yet."
    found = Preview(
        session="aa",
        destination="home",
        content_type="application/json",
        content_encoding="identity",
        sha256="ab" * 32,
        body=b"{}",
        document=msgspec.Raw(b"{}"),
    )
    assert note not in str(list(preview(found)))
    assert note in str(list(preview(msgspec.structs.replace(found, note=note))))
