"""The key of a webhook, which is the end of its address. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from logferry_daemon.core.reaching import PATH_KEY

_PASTED = re.compile(r".*/webhooks/(?=[^/]+/)")


def path_key(secret: str) -> Mapping[str, str]:
    """The secret end of the address; who pasted the whole of it meant this."""
    return {PATH_KEY: _PASTED.sub("", secret).strip("/")}
