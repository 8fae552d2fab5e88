"""The pure session with a clock that a test moves and frames that it reads as values."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tests.peer import Json, hello_answer
from wirecall.calls import Request
from wirecall.disconnect import Disconnect
from wirecall.options import SessionOptions
from wirecall.output import Output
from wirecall.served import Served
from wirecall.session import Session

T = TypeVar("T")


class Machine:
    """A session, its time, and what came out of it."""

    def __init__(self, options: SessionOptions | None = None) -> None:
        """Starts at the time 1000, away."""
        self.now = 1000.0
        self.session = Session(options or SessionOptions())

    def greet(self, token: str | None = None, **members: object) -> Json:
        """Connects and answers hello; gives the hello."""
        self.session.connecting(10.0, self.now)
        self.session.connected(token, self.now)
        hello = self.frames()[0]
        self.receive({"id": hello["id"], "result": hello_answer(**members)})
        self.session.take()
        return hello

    def meet(self, **members: object) -> list[Json]:
        """Connects and answers hello; gives what is written then, and keeps the outputs."""
        self.session.connecting(10.0, self.now)
        self.session.connected(None, self.now)
        hello = self.frames()[0]
        self.receive({"id": hello["id"], "result": hello_answer(**members)})
        return self.frames()

    def receive(self, message: Json) -> None:
        """A message arrives."""
        self.raw(msgspec.json.encode({"jsonrpc": "2.0", **message}).decode())

    def raw(self, frame: str | bytes) -> None:
        """A frame arrives."""
        self.session.received(frame, self.now)

    def call(
        self, method: str = "chat.post", timeout: float = 30.0, *, idempotent: bool = False
    ) -> int:
        """Makes a call; gives its number."""
        request = Request(method, b"{}", timeout=timeout, idempotent=idempotent)
        return self.session.send(request, self.now)

    def notify(self, method: str = "chat.typing") -> int:
        """Sends a notification; gives its number."""
        return self.session.send(Request(method, b"{}", notification=True), self.now)

    def move(self, seconds: float) -> None:
        """Lets time go by, to the second at which something is due and on."""
        end = self.now + seconds
        while (due := self.session.wake_at()) <= end:
            self.now = max(due, self.now)
            self.session.tick(self.now)
        self.now = end

    def frames(self) -> list[Json]:
        """Everything that may be written now, without the numbers."""
        frames: list[Json] = []
        while (frame := self.session.next_frame(self.now)) is not None:
            message: Json = msgspec.json.decode(frame)
            message.pop("seq", None)
            frames.append(message)
        return frames

    def methods(self) -> list[str]:
        """The methods of everything that may be written now."""
        return [frame["method"] for frame in self.frames()]

    def cancel(self, call: int) -> None:
        """Nobody awaits a call any more."""
        self.session.cancel(call, self.now)

    def answer(self, call: Served, result: bytes | None, error: bytes | None = None) -> None:
        """A handler is done."""
        self.session.answer(call, result, error, self.now)

    def lose(self, code: int = 1006) -> Disconnect:
        """The connection is gone."""
        return self.session.disconnected(code, "", self.now)

    def take(self, kind: type[T]) -> list[T]:
        """The outputs of a kind; the others are forgotten."""
        return [output for output in self.session.take() if isinstance(output, kind)]

    def outputs(self) -> list[Output]:
        """All outputs."""
        return self.session.take()


def opened() -> Machine:
    """A session that is open."""
    machine = Machine()
    machine.greet()
    return machine
