"""Generated clients as an application uses them: what type checks here, type checks for a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET
from wirecall import CallOptions, Client, ServedCall, connect

from chat.chat import Announcement, BusyError, ChatClient, Message, RoomNotFoundError
from files.files import FilesClient
from kinds.kinds import (
    A,
    External,
    Flat,
    HashOrBlock,
    Internal,
    InternalUnit,
    KindsClient,
    Newtype,
    Struct,
)
from recursive.tree import Add, Expr, ExprNumber, TreeClient
from shared.archive import ArchiveClient
from shared.chat import ChatClient as SharedChatClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from shared.messages import Message as SharedMessage


class Ui:
    """Answers the server's questions."""

    async def confirm(self, *, prompt: str, call: ServedCall) -> bool:
        """Asks nobody."""
        if call.timeout == 0:
            raise BusyError
        return bool(prompt)

    async def refresh(self, *, call: ServedCall) -> None:
        """Does nothing."""
        del call


def heard(announcement: Announcement) -> None:
    """Takes an event."""
    print(announcement.severity, announcement.text)


async def talk(url: str) -> Message:
    """Calls, listens, answers."""
    async with connect(url) as client:
        chat = ChatClient(client)
        stop = chat.on_announcement(heard)
        chat.serve_ui(Ui())
        try:
            await chat.typing(room="lobby")
            history = await chat.history(limit=3)
            options = CallOptions(timeout=2.0)
            return history[0] if history else await chat.post(room="a", text="b", options=options)
        except RoomNotFoundError as error:
            return await talk(error.room)
        finally:
            stop()


async def keep(client: Client) -> SharedMessage:
    """A type of two services is one class."""
    message = await SharedChatClient(client).post(room="lobby", text="hi")
    return await ArchiveClient(client).keep(message=message, note="first")


def name(value: Internal) -> str:
    """A tagged union is told apart by its classes, all of them."""
    match value:
        case InternalUnit():
            return "unit"
        case Newtype(letter=letter):
            return letter
        case Struct(count=count, note=note):
            return note or str(count)


def external(value: External) -> int:
    """A union without a tag is one class with optional fields."""
    if value == "Unit":
        return 0
    if value.struct is not UNSET:
        return value.struct.a
    if value.tuple is not UNSET:
        return value.tuple[1]
    return len(value.newtype) if value.newtype is not UNSET else 0


def block(value: HashOrBlock) -> int:
    """A hash, or one of two objects."""
    if isinstance(value, str):
        return len(value)
    return value.number if value.number is not UNSET else 0


def flat(value: Flat) -> int:
    """Fields that are flattened into each alternative."""
    return value.own + value.x if isinstance(value, A) else value.z


def total(expr: Expr) -> float:
    """A type that holds itself."""
    match expr:
        case ExprNumber(value=value):
            return value
        case Add(left=left, right=right):
            return total(left) + total(right)
        case _:
            return len(expr.args)


async def others(client: Client) -> float:
    """Calls of every kind."""
    service = KindsClient(client)
    await service.search()
    await service.search(limit=3)
    await service.draw(Struct(count=1))
    balance = await service.get_balance(address="0x0")
    return len(balance) + total(await TreeClient(client).expr())


async def streams(client: Client, lines: AsyncIterable[str]) -> int:
    """Streams down, up and both ways."""
    chat = ChatClient(client)
    found = chat.search(query="hi", options=CallOptions(timeout=2.0))
    async for message in found:
        if message.text == "enough":
            break
    async with chat.follow() as followed:
        async for message in followed:
            return message.id
    async for line in chat.translate(lines, language="de"):
        print(line.strip())
    stored = await chat.import_(["one", "two"], room="lobby")
    return stored + (await found.result()).searched


async def pieces(client: Client) -> int:
    """Bytes wherever a type has them."""
    files = FilesClient(client)
    digest = await files.write(name="a", content=b"12")
    file = await files.read(name="a")
    written = await files.fill([digest, file.content], name="b")
    async for piece in files.chunks(name="b"):
        written += len(piece)
    return written
