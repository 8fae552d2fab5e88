"""Plays conformance vectors against the pure session: brings its outputs into the vectors' form.

The form is that of `clients/conformance/README.md`. It decides nothing.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, cast

import msgspec

from tests.peer import Json
from tests.vector_names import Names
from wirecall.calls import Request
from wirecall.codec import Codec
from wirecall.errors import ClosedError, ConnectionLostError, WirecallError
from wirecall.heartbeat import HeartbeatOptions
from wirecall.options import SessionOptions
from wirecall.output import (
    Abort,
    Answered,
    Drop,
    Event,
    Failed,
    Items,
    Opened,
    Output,
    Refused,
    Serve,
)
from wirecall.rpc_error import RpcError
from wirecall.served import Served
from wirecall.session import Session

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"

ANSWER: Json = {
    "session": "s-1",
    "secret": "k-1",
    "resumed": False,
    "received": 0,
    "user": "ada",
    "contract": {},
    "channels": {},
    "ping_ms": 25_000,
    "session_ttl_ms": 60_000,
    "limits": {
        "max_message_bytes": 1_048_576,
        "max_calls": 64,
        "max_waiting": 256,
        "max_streams": 128,
        "max_batch": 32,
        "buffer_bytes": 4_194_304,
    },
}
"""The answer to hello that the verb `open` uses."""


def load(side: tuple[str, ...] = ("client", "both")) -> list[tuple[str, Json]]:
    """The vectors of these sides, each with its place."""
    found: list[tuple[str, Json]] = []
    for path in sorted(VECTORS.rglob("*.json")):
        vector: Json = msgspec.json.decode(path.read_bytes())
        if vector["side"] in side:
            found.append((str(path.relative_to(VECTORS).with_suffix("")), vector))
    return found


def options(settings: Json, codec: Codec) -> SessionOptions:
    """The settings of a vector as this client has them."""
    default = SessionOptions()
    times = HeartbeatOptions()
    return SessionOptions(
        codec=codec,
        buffer_bytes=settings.get("buffer_bytes", default.buffer_bytes),
        max_message_bytes=settings.get("max_message_bytes", default.max_message_bytes),
        first_seq=settings.get("first_seq", 1),
        attempt_timeout=settings.get("connect_timeout_ms", 10_000) / 1000,
        queue=settings.get("queue", default.queue),
        heartbeat=HeartbeatOptions(
            grace=settings.get("grace_ms", times.grace * 1000) / 1000,
            call_silence=settings.get("call_silence_ms", times.call_silence * 1000) / 1000,
            call_grace=settings.get("call_grace_ms", times.call_grace * 1000) / 1000,
            timeout=settings.get("heartbeat_timeout_ms", times.timeout * 1000) / 1000,
        ),
    )


class Player:
    """One vector at play."""

    def __init__(self, vector: Json, codec: Codec) -> None:
        """Makes the machine that the vector wants."""
        self._codec = codec
        self._options = options(vector.get("settings", {}), codec)
        self._session = Session(self._options)
        self._session.handled.add("demo.echo")
        self._now = 1000.0
        self._names = Names()
        self._calls: dict[str, int] = {}
        self._served: dict[str, Served] = {}
        self._producers: dict[str, deque[object]] = {}
        self._ends: set[str] = set()
        self._written: list[Json] = []
        self._told: list[Json] = []

    def play(self, steps: list[Json]) -> None:
        """Does every step and compares what comes out of it."""
        for number, step in enumerate(steps):
            for turn in range(step.get("times", 1)):
                if "every_ms" in step:
                    self._advance(step["every_ms"])
                self._do(step, turn)
                self._collect()
            self._compare(number, step)

    def _do(self, step: Json, turn: int) -> None:
        verb = next(name for name in step if name in _VERBS)
        given: Any = self._names.fill(step[verb])
        if turn and verb == "receive" and "seq" in given:
            given["seq"] += turn
        getattr(self, f"_{verb}")(given)

    def _compare(self, number: int, step: Json) -> None:
        written, told = self._written, self._told
        self._written, self._told = [], []
        if step.get("loose") or "open" in step:
            return
        where = f"step {number}: {step}"
        self._names.compare_writes(step.get("writes", []), written, where)
        self._bind_calls(step)
        self._names.compare_tells(step.get("tells", []), told, where)

    def _bind_calls(self, step: Json) -> None:
        if "call" in step:
            name = step["call"]["as"]
            self._names.bound.setdefault(f"${name}", self._calls.get(name))

    def _open(self, given: Json) -> None:
        self._connect({})
        limits = {**ANSWER["limits"], **given.get("limits", {})}
        result = {**ANSWER, **given, "limits": limits}
        hello = self._drain()[0]
        self._receive({"id": hello["id"], "result": result})

    def _connect(self, _: Json) -> None:
        self._session.connecting(self._options.attempt_timeout, self._now)
        self._session.connected(None, self._now)

    def _receive(self, message: object) -> None:
        if isinstance(message, list):
            value: object = [_with_version(entry) for entry in cast("list[object]", message)]
        else:
            value = _with_version(message)
        data = msgspec.json.encode(value) if self._codec.text else msgspec.msgpack.encode(value)
        self._session.received(data.decode() if self._codec.text else data, self._now)

    def _receive_raw(self, text: str) -> None:
        self._session.received(text, self._now)

    def _lose(self, given: Json) -> None:
        end = self._session.disconnected(given.get("code", 1006), "", self._now)
        if not end.come_back:
            self._session.end(end, str(end))
            self._told.append({"ended": {"code": end.code}})

    def _call(self, given: Json) -> None:
        timeout = given.get("timeout_ms")
        request = Request(
            given["method"],
            self._params(given),
            timeout=float("inf") if timeout is None else timeout / 1000,
            idempotent=given.get("idempotent", False),
            stream=given.get("stream", False),
            credit=given.get("credit", 64),
            upload=given.get("upload", False),
        )
        self._names.bound.pop("$" + given["as"], None)
        try:
            self._calls[given["as"]] = self._session.send(request, self._now)
        except WirecallError as error:
            self._told.append({"outcome": given["as"], "error": _kind(error)})

    def _notify(self, given: Json) -> None:
        request = Request(given["method"], self._params(given), notification=True)
        self._session.send(request, self._now)

    def _params(self, given: Json) -> bytes | None:
        return self._codec.encode(given["params"]) if "params" in given else None

    def _cancel(self, name: str) -> None:
        # Whoever takes a call back here knows it, so this machine has no output for that.
        if self._session.cancel(self._calls[name], self._now):
            self._told.append({"outcome": name, "error": "cancelled"})

    def _take(self, given: Json) -> None:
        self._session.took(self._calls[given["call"]], given["items"], self._now)

    def _push(self, given: Json) -> None:
        self._producers.setdefault(given["call"], deque()).extend(given["items"])
        self._produce()

    def _end_upload(self, name: str) -> None:
        self._ends.add(name)
        self._produce()

    def _produce(self) -> bool:
        """Offers what producers have, one at a time; gives whether anything was taken."""
        moved = False
        for name in {*self._producers, *self._ends}:
            call, items = self._calls[name], self._producers.get(name, deque())
            while items and self._session.wants_room(call):
                self._session.offer(call, self._codec.encode(items.popleft()), self._now)
                moved = True
            if not items and name in self._ends:
                self._ends.discard(name)
                self._session.end_upload(call, self._now)
                moved = True
        return moved

    def _answer(self, given: Json) -> None:
        call = self._served[repr(given["id"])]
        if "error" in given:
            self._session.answer(call, None, self._codec.encode(given["error"]), self._now)
        else:
            self._session.answer(call, self._codec.encode(given["result"]), None, self._now)

    def _advance(self, milliseconds: float) -> None:
        end = self._now + milliseconds / 1000
        while (due := self._session.wake_at()) <= end:
            self._now = max(due, self._now)
            self._session.tick(self._now)
            self._collect()
        self._now = end

    def _sleep(self, milliseconds: float) -> None:
        self._now += milliseconds / 1000

    def _close(self, _: Json) -> None:
        self._session.close(self._now)

    def _collect(self) -> None:
        """Takes what came out, until nothing more does."""
        while True:
            written = self._drain()
            told = [tell for output in self._session.take() for tell in self._tell(output)]
            self._written += written
            self._told += told
            if not written and not told and not self._produce():
                return

    def _drain(self) -> list[Json]:
        messages: list[Json] = []
        while (frame := self._session.next_frame(self._now)) is not None:
            message: Json = self._codec.decode(frame, dict[str, Any])
            if message.pop("jsonrpc") != "2.0":
                raise AssertionError(f"no jsonrpc in {message}")
            if "seq" in message and list(message)[-1] != "seq":
                raise AssertionError(f"seq is not the last member of {message}")
            messages.append(message)
        return messages

    def _tell(self, output: Output) -> list[Json]:
        match output:
            case Answered() | Refused() | Failed() | Items():
                return self._tell_of_call(output)
            case Event(method, params):
                told: Json = {"event": {"method": method, "params": self._value(params)}}
            case Serve(call) if call.id is None:
                told = {"event": {"method": call.method, "params": self._value(call.params)}}
            case Serve(call):
                told = {"serve": self._serve(call)}
            case Abort(call):
                told = {"abort": {"id": self._value(call.id)}}
            case Drop(code=code, abrupt=abrupt):
                told = {"drop": {"code": 1006 if abrupt else int(code)}}
            case Opened(resumed=resumed, reason=reason):
                why = {} if reason is None else {"reason": reason}
                told = {"opened": {"resumed": resumed, **why}}
            case _:
                return []
        return [told]

    def _tell_of_call(self, output: Answered | Refused | Failed | Items) -> list[Json]:
        name = next((name for name, call in self._calls.items() if call == output.call), None)
        match output:
            case _ if name is None:
                return []
            case Answered(result=result):
                return [{"outcome": name, "result": self._value(result)}]
            case Refused(error=body):
                data = self._codec.decode(body.data, dict[str, Any])
                return [{"outcome": name, "error": data["kind"]}]
            case Failed(error=error):
                return [{"outcome": name, "error": _kind(error)}]
            case Items(items=items):
                return [{"item": name, "value": self._value(item)} for item in items]

    def _serve(self, call: Served) -> Json:
        identity = self._value(call.id)
        self._served[repr(identity)] = call
        return {"id": identity, "method": call.method, "params": self._value(call.params)}

    def _value(self, raw: bytes | msgspec.Raw | None) -> object:
        return None if raw is None else self._codec.decode(raw, object)


_VERBS = (
    "open",
    "connect",
    "receive",
    "receive_raw",
    "lose",
    "call",
    "notify",
    "cancel",
    "take",
    "push",
    "end_upload",
    "answer",
    "advance",
    "sleep",
    "close",
)


def _with_version(message: object) -> object:
    """The message with `jsonrpc`, unless it is none, and with `seq` as the last member."""
    if not isinstance(message, dict):
        return message
    given = cast("Json", message)
    if "jsonrpc" in given:
        return given
    body = {name: value for name, value in given.items() if name != "seq"}
    tail = {"seq": given["seq"]} if "seq" in given else {}
    return {"jsonrpc": "2.0", **body, **tail}


def _kind(error: WirecallError) -> str:
    match error:
        case RpcError():
            return error.kind
        case ConnectionLostError():
            return "connection_lost"
        case ClosedError():
            return "closed"
        case _:
            return type(error).__name__
