"""Events and the server's calls, over a real socket and through generated code."""

from __future__ import annotations

import asyncio

import pytest

from tests.fixtures.chat import (
    Announcement,
    ChatClient,
    NobodyThereError,
    Renamed,
    RoomEvent,
)
from tests.peer import SOON, Json, PeerConnection, listen, soon
from wirecall import ServedCall, connect, handle


class Screen:
    """A handler of the server's calls that does what a test sets."""

    def __init__(self) -> None:
        """Says yes."""
        self.answer: bool | Exception = True
        self.asked: list[tuple[str, ServedCall]] = []
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def confirm(self, *, prompt: str, call: ServedCall) -> bool:
        """Answers as set; `wait` never does."""
        self.asked.append((prompt, call))
        self.started.set()
        if prompt == "wait":
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def clear(self, *, call: ServedCall) -> None:
        """Remembers that it was called."""
        self.asked.append(("clear", call))
        self.started.set()


class Errors:
    """Collects what no caller awaits."""

    def __init__(self) -> None:
        """Starts empty."""
        self.found: asyncio.Queue[tuple[Exception, str]] = asyncio.Queue()

    def __call__(self, error: Exception, where: str) -> None:
        """Is the option `on_error`."""
        self.found.put_nowait((error, where))


async def ask(
    connection: PeerConnection, prompt: object = "sure?", identity: object = "q1"
) -> Json:
    """Calls the client and gives its response."""
    await connection.send({"id": identity, "method": "ui.confirm", "params": {"prompt": prompt}})
    return await connection.receive()


async def test_of_an_incompatible_service_no_event_is_told_and_no_call_is_run() -> None:
    words = iter(["incompatible", "same"])
    screen = Screen()
    heard: list[str] = []
    async with (
        listen(lambda peer: peer.greet(contract={"chat": next(words)})) as peer,
        connect(peer.url, reconnect=SOON) as client,
    ):
        chat = ChatClient(client)
        chat.on_announcement(lambda announcement: heard.append(announcement.text))
        chat.serve_ui(screen)
        connection = await peer.accept()
        await connection.send(
            {"method": "chat.announcement", "params": {"severity": "info", "text": "no"}}
        )
        for message in ({"method": "ui.clear"}, {"id": 1, "method": "ui.clear"}):
            await connection.send(message)
        error = (await connection.receive())["error"]
        assert (error["code"], error["data"]["kind"]) == (-32601, "method_not_found")
        assert error["data"]["details"] == {"service": "chat", "contract": "incompatible"}
        assert error["message"] == (
            "the client was generated from an older, incompatible contract of `chat`;"
            " generate it again"
        )
        connection.abort()
        # The word of the last hello counts.
        connection = await peer.accept()
        await connection.send(
            {"method": "chat.announcement", "params": {"severity": "info", "text": "yes"}}
        )
        await connection.send({"id": 2, "method": "ui.clear"})
        assert await connection.receive() == {"jsonrpc": "2.0", "id": 2, "result": None}
        assert (heard, [prompt for prompt, _ in screen.asked]) == (["yes"], ["clear"])


async def test_events_reach_every_listener_in_order_and_typed() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        heard: asyncio.Queue[tuple[int, Announcement]] = asyncio.Queue()
        chat.on_announcement(lambda event: heard.put_nowait((1, event)))
        stop = chat.on_announcement(lambda event: heard.put_nowait((2, event)))
        for text in ("a", "b"):
            params = {"severity": "info", "text": text}
            await connection.send({"method": "chat.announcement", "params": params})
        order = [await soon(heard.get()) for _ in range(4)]
        assert [(who, event.text) for who, event in order] == [
            (1, "a"),
            (2, "a"),
            (1, "b"),
            (2, "b"),
        ]
        stop()
        stop()
        await connection.send({"method": "chat.announcement", "params": params})
        assert (await soon(heard.get()))[0] == 1
        await ask(connection)
        assert heard.empty()


async def test_events_of_a_union_come_as_their_variant() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        heard: asyncio.Queue[RoomEvent] = asyncio.Queue()
        ChatClient(client).on_room_event(heard.put_nowait)
        params = {"type": "renamed", "title": "x"}
        await connection.send({"method": "chat.room_event", "params": params})
        assert await soon(heard.get()) == Renamed(title="x")


async def test_an_event_that_does_not_fit_and_a_listener_that_raises_harm_nobody() -> None:
    errors = Errors()
    async with listen() as peer, connect(peer.url, on_error=errors) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        heard: asyncio.Queue[Announcement] = asyncio.Queue()

        def broken(_: Announcement) -> None:
            raise KeyError("broken")

        chat.on_announcement(broken)
        chat.on_announcement(heard.put_nowait)
        await connection.send({"method": "chat.announcement", "params": {"severity": "loud"}})
        good = {"severity": "info", "text": "hi"}
        await connection.send({"method": "chat.announcement", "params": good})
        assert (await soon(heard.get())).text == "hi"
        reported = [await soon(errors.found.get()) for _ in range(3)]
        assert [type(error).__name__ for error, _ in reported] == [
            "DecodeError",
            "DecodeError",
            "KeyError",
        ]
        assert reported[2][1] == "listener of chat.announcement"


async def test_the_server_calls_and_gets_a_typed_answer() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        assert await ask(connection) == {"jsonrpc": "2.0", "id": "q1", "result": True}
        await connection.send(
            {"id": 2, "method": "ui.clear", "meta": {"timeout_ms": 5000, "traceparent": "00"}}
        )
        assert await connection.receive() == {"jsonrpc": "2.0", "id": 2, "result": None}
        (prompt, _), (_, call) = screen.asked
        assert prompt == "sure?"
        assert (call.method, call.timeout) == ("ui.clear", 5.0)
        assert call.meta["traceparent"] == "00"


async def test_params_by_position_are_read_too() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        await connection.send({"id": 1, "method": "ui.confirm", "params": ["sure?"]})
        assert (await connection.receive())["result"] is True
        await connection.send({"id": 2, "method": "ui.confirm", "params": ["a", "b"]})
        assert (await connection.receive())["error"]["code"] == -32602


async def test_params_that_do_not_fit_are_told_where_and_never_what() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(Screen())
        response = await ask(connection, prompt=["s3cret"])
        error = response["error"]
        assert (error["code"], error["data"]["kind"]) == (-32602, "validation_error")
        assert error["data"]["details"]["errors"] == [
            {"path": "/prompt", "rule": "type", "message": "Expected `str`, got `array`"}
        ]


async def test_a_value_that_no_variant_has_is_not_repeated() -> None:
    async def answer(_: Announcement, __: ServedCall) -> None:
        """Has nothing to say."""

    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        client.service("ui").serve({"ui.show": handle(Announcement, None, answer)})
        params = {"severity": "s3cret", "text": "x"}
        await connection.send({"id": 1, "method": "ui.show", "params": params})
        error = (await connection.receive())["error"]
        assert error["data"]["details"]["errors"] == [
            {"path": "/severity", "rule": "type", "message": "is not valid"}
        ]


async def test_an_error_that_a_handler_raises_is_the_answer() -> None:
    screen = Screen()
    screen.answer = NobodyThereError.with_message("out for lunch")
    screen.answer.retry_after = 1.5
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        assert (await ask(connection))["error"] == {
            "code": 2001,
            "message": "out for lunch",
            "data": {"kind": "nobody_there", "retry_after_ms": 1500, "details": {"since": None}},
        }


@pytest.mark.parametrize("answer", [KeyError("inside"), ValueError("inside")])
async def test_what_a_handler_fails_with_stays_inside(answer: Exception) -> None:
    errors, screen = Errors(), Screen()
    screen.answer = answer
    async with listen() as peer, connect(peer.url, on_error=errors) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        error = (await ask(connection))["error"]
        assert (error["code"], error["data"]["kind"]) == (-32603, "internal_error")
        assert "inside" not in str(error)
        reported, where = await soon(errors.found.get())
        assert reported is answer
        assert error["data"]["details"]["incident"] in where


async def test_a_method_without_a_handler_is_not_found() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        assert (await ask(connection))["error"]["code"] == -32601
        stop = ChatClient(client).serve_ui(Screen())
        assert (await ask(connection))["result"] is True
        stop()
        stop()
        assert (await ask(connection))["error"]["code"] == -32601
        heard = asyncio.Event()
        client.service("ui").on("ui.clear", object, lambda _: heard.set())
        await connection.send({"method": "ui.clear"})
        await soon(heard.wait())


async def test_a_method_has_one_handler() -> None:
    async with listen() as peer, connect(peer.url) as client:
        chat = ChatClient(client)
        chat.serve_ui(Screen())
        with pytest.raises(ValueError, match=r"there is a handler already: ui\.clear, ui\.confirm"):
            chat.serve_ui(Screen())


async def test_a_cancel_of_the_server_stops_the_handler_and_is_answered_once() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        await connection.send({"id": 1, "method": "ui.confirm", "params": {"prompt": "wait"}})
        await soon(screen.started.wait())
        await connection.send({"method": "rpc.cancel", "params": {"id": 1}})
        assert (await connection.receive())["error"]["code"] == -32005
        await soon(screen.cancelled.wait())
        assert (await ask(connection, identity=2))["id"] == 2


async def test_the_servers_time_limit_stops_the_handler() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        params = {"prompt": "wait"}
        await connection.send(
            {"id": 1, "method": "ui.confirm", "params": params, "meta": {"timeout_ms": 20}}
        )
        assert (await connection.receive())["error"]["code"] == -32004
        await soon(screen.cancelled.wait())


async def test_a_lost_connection_stops_the_handlers() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        await connection.send({"id": 1, "method": "ui.confirm", "params": {"prompt": "wait"}})
        await soon(screen.started.wait())
        connection.abort()
        await soon(screen.cancelled.wait())


async def test_a_handler_may_call_the_server() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)

        class Asking(Screen):
            """Calls the server."""

            async def confirm(self, *, prompt: str, call: ServedCall) -> bool:
                """Asks the server before it answers."""
                return await chat.topic(room=prompt) == call.method

        chat.serve_ui(Asking())
        for number in range(64):
            await connection.send(
                {"id": number, "method": "ui.confirm", "params": {"prompt": str(number)}}
            )
        for _ in range(64):
            await connection.result(await connection.receive(), "ui.confirm")
        answers = [await connection.receive() for _ in range(64)]
        assert sorted(answer["id"] for answer in answers) == list(range(64))
        assert all(answer["result"] is True for answer in answers)


async def test_a_notification_runs_its_handler_and_is_not_answered() -> None:
    screen = Screen()
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        ChatClient(client).serve_ui(screen)
        await connection.send({"method": "ui.clear", "params": {}})
        await soon(screen.started.wait())
        assert (await ask(connection))["id"] == "q1"


async def test_a_handler_may_close_its_own_client() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        closed = asyncio.Event()

        class Closing(Screen):
            """Ends it all."""

            async def clear(self, *, call: ServedCall) -> None:
                """Closes the client."""
                await client.close()
                await super().clear(call=call)
                closed.set()

        ChatClient(client).serve_ui(Closing())
        await connection.send({"method": "ui.clear"})
        await soon(closed.wait())
