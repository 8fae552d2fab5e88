"""Waits for a client's states without sleeping."""

from __future__ import annotations

import asyncio

from tests.peer import soon
from wirecall import Client, State


class StateLog:
    """Every state since it was made, and a way to wait for the next of a kind."""

    def __init__(self, client: Client) -> None:
        """Starts to listen."""
        self.states: list[State] = []
        self._queue: asyncio.Queue[State] = asyncio.Queue()
        client.on_state(self._add)

    def _add(self, state: State) -> None:
        self.states.append(state)
        self._queue.put_nowait(state)

    @property
    def types(self) -> list[str]:
        """The names of the states so far."""
        return [state.type for state in self.states]

    async def wait(self, kind: str) -> State:
        """The next state of this kind that was not waited for yet."""
        while True:
            state = await soon(self._queue.get())
            if state.type == kind:
                return state
