"""Interceptors around every call: timing, retries, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Call:
    """A call on its way through the layers.

    Attributes:
        method: The method's wire name.
        params: What will be encoded.
        timeout: Seconds until it fails; infinite for no limit.
        meta: Members for the message's `meta`.
        idempotent: Whether it is declared safe to run twice.
        streams: Whether items come or go beside it. Going on with it gives the result, when the
            items are through; doing so again makes another call for the same items, and raises
            `TypeError` where an iterator or a generator gave them to the first.
    """

    method: str
    params: object
    timeout: float
    meta: Mapping[str, object]
    idempotent: bool
    streams: bool = False

    def with_meta(self, **members: object) -> Call:
        """The same call with more in its `meta`."""
        return replace(self, meta={**self.meta, **members})


Next: TypeAlias = Callable[[Call], Awaitable[object]]
"""Goes on with a call and gives its decoded result; a layer may call it any number of times."""
Layer: TypeAlias = Callable[[Call, Next], Awaitable[object]]
"""An interceptor: gets the call and what goes on with it, and gives the result."""


def stack(layers: Sequence[Layer], innermost: Next) -> Next:
    """Puts layers around a call, the first one outermost."""
    result = innermost
    for layer in reversed(layers):
        result = _around(layer, result)
    return result


def _around(layer: Layer, inner: Next) -> Next:
    def run(call: Call) -> Awaitable[object]:
        return layer(call, inner)

    return run
