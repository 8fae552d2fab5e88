"""One session in the chat, and everything it has heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from rpc.chat import Chat, ChatClient, Notification, System, UserJoined, UserLeft, UserList
from wirecall import Client, ServedCall

ChatEvent: TypeAlias = Chat | Notification | System | UserJoined | UserLeft | UserList
Kind = TypeVar("Kind", bound=ChatEvent)


class Member:
    """One session in the chat."""

    def __init__(self, client: Client, name: str) -> None:
        self.chat = ChatClient(client)
        self._name = name
        self._heard: list[ChatEvent] = []
        self._changed = asyncio.Event()
        # Before the join, so that nothing is missed.
        self.chat.on_chat(self._hear)
        self.chat.on_notification(self._hear)
        self.chat.on_system(self._hear)
        self.chat.on_user_joined(self._hear)
        self.chat.on_user_left(self._hear)
        self.chat.on_user_list(self._hear)
        self.chat.serve_ui(self)

    async def answer(self, *, from_: str, question: str, call: ServedCall) -> str:
        """Answers every question in the same way."""
        return f"{self._name} does not know {question}"

    async def hears(self, what: str, kind: type[Kind], is_it: Callable[[Kind], bool]) -> None:
        """Waits until such an event has been heard."""
        await self._until(
            lambda: any(isinstance(event, kind) and is_it(event) for event in self._heard)
        )
        print(f"heard {what}")

    async def sees_bots(self, count: int) -> set[str]:
        """Waits until that many bots have been seen, and gives their names."""
        await self._until(lambda: len(self._bots()) >= count)
        return self._bots()

    def _bots(self) -> set[str]:
        users: set[str] = set()
        for event in self._heard:
            if isinstance(event, UserJoined):
                users.add(event.user)
            elif isinstance(event, UserList):
                users.update(event.users)
        return {user for user in users if not user.endswith("-guest")}

    def _hear(self, event: ChatEvent) -> None:
        self._heard.append(event)
        self._changed.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()
