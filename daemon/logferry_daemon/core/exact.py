"""The model's types for who takes values out of bytes and must not change one: a whole number stays whole. Pure.

A field that is declared as a float makes 43.0 of the 43 that a game wrote. The session is the same, but its document is
not, byte for byte; so it would be another revision only because another process has read it.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, NewType, Union, get_args, get_origin

import msgspec
from msgspec import Struct


@cache
def exact(kind: Any) -> Any:  # noqa: ANN401 -- any annotation
    """The same type, but with `int | float` for every number in it; of a Struct a subclass."""
    if kind in (int, float):
        return int | float
    if isinstance(kind, NewType):
        return exact(kind.__supertype__)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct(kind)
    inner = tuple(one if one is Ellipsis else exact(one) for one in get_args(kind))
    if inner == get_args(kind):
        return kind
    origin = get_origin(kind)
    return reduce(or_, inner) if origin in (Union, UnionType) else origin[inner]


def _struct(kind: type[Struct]) -> type[Struct]:
    config = kind.__struct_config__
    fields = [(one.name, exact(one.type), _default(one)) for one in msgspec.structs.fields(kind)]
    return msgspec.defstruct(
        kind.__name__,
        fields,
        bases=(kind,),
        frozen=config.frozen,
        omit_defaults=config.omit_defaults,
        gc=config.gc,
        kw_only=True,
    )


def _default(one: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 -- a default of any type
    if one.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=one.default_factory)
    return msgspec.field(default=one.default) if one.default is not msgspec.NODEFAULT else msgspec.field()
