"""How a call or notification of this side is written when it takes its place."""

from __future__ import annotations

import math

from wirecall.calls import PendingCall
from wirecall.codec import Codec
from wirecall.message import call_message, notification_message


def encode_request(codec: Codec, call: PendingCall, now: float, *, plain: bool) -> bytes:
    """The message, without its number."""
    request = call.request
    if request.notification:
        return notification_message(codec, request.method, request.params)
    meta = _meta(codec, call, now, plain=plain)
    return call_message(codec, call.id, request.method, request.params, meta)


def _meta(codec: Codec, call: PendingCall, now: float, *, plain: bool) -> bytes | None:
    request = call.request
    own: dict[str, bytes] = {}
    if not plain and math.isfinite(call.deadline):
        # The limit goes as what is left of it, because it ran on while the call waited.
        left = math.ceil(round((call.deadline - now) * 1000, 3))
        own["timeout_ms"] = codec.number(max(1, left))
    if request.stream and request.credit is not None:
        own["credit"] = codec.number(request.credit)
    members = {**request.meta, **own}
    return codec.record(list(members.items())) if members else None
