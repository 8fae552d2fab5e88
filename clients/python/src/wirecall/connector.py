"""A client's life: attempt after attempt, its states, and its end. One task, joined by `close`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from wirecall.connection import Connection, Ending
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.driver import Driver
from wirecall.errors import ClosedError, ConnectError, ConnectionLostError, WirecallError
from wirecall.incoming import Incoming, Unsubscribe, once
from wirecall.kinds import PROTOCOL_ERRORS
from wirecall.options import SessionOptions, TokenProvider
from wirecall.output import Drop, Opened
from wirecall.reconnect import Reconnect
from wirecall.rpc_error import read_error
from wirecall.session import Session
from wirecall.states import ClosedState, ConnectingState, OpenState, ReconnectingState, State
from wirecall.websocket import CLOSE_TIMEOUT, SocketOptions, shown_url

_LOGGER = logging.getLogger("wirecall")

JOIN_TIMEOUT = 3.0
"""Seconds that `close` waits for handlers which do not let themselves be cancelled."""


@dataclass(frozen=True, slots=True)
class ConnectorOptions:
    """What a client's life depends on.

    Attributes:
        session: The session's settings.
        socket: How to open a WebSocket.
        token: Where the token comes from.
        clock: Seconds, growing.
    """

    session: SessionOptions
    socket: SocketOptions
    token: TokenProvider | None = field(repr=False)
    clock: Callable[[], float]


class Connector:
    """Connects, comes back and ends."""

    def __init__(self, session: Session, incoming: Incoming, options: ConnectorOptions) -> None:
        """Starts the first attempt; needs a running event loop."""
        self._options = options
        self._incoming = incoming
        self._session = session
        self._reconnect = Reconnect(
            options.session.reconnect, options.session.random, lazy=options.session.lazy
        )
        self._listeners: list[Callable[[State], None]] = []
        self._is_open = False
        self._warned = False
        self._leaving = False
        self._settled = asyncio.Event()
        self.state: State = ConnectingState()
        limit = options.session.attempt_timeout
        self.driver = Driver(session, incoming, options.clock, self._opened, limit)
        self._task = asyncio.create_task(self._run(), name="wirecall client")

    def on_state(self, listener: Callable[[State], None]) -> Unsubscribe:
        """Adds a listener of state changes."""
        self._listeners.append(listener)

        return once(lambda: self._listeners.remove(listener))

    async def wait_open(self) -> None:
        """Waits for the first `open`. Cancelling changes nothing.

        Raises:
            WirecallError: The client was closed instead.
        """
        await self._settled.wait()
        if isinstance(self.state, ClosedState):
            raise self.state.error or ClosedError("the client was closed", self.state.disconnect)

    async def close(self) -> None:
        """Ends the client: fails what is open, says goodbye, and joins every task.

        It takes a few seconds at most, whatever the server and the handlers do. Cancelling leaves
        the client closed; calling it again waits for the rest.
        """
        self.driver.closing.add(asyncio.current_task())
        if not self._leaving and not isinstance(self.state, ClosedState):
            self._leaving = True
            self._session.close(self.driver.now())
            self.driver.step()
        try:
            if not self.driver.ended.is_set():
                # What was written may still be acknowledged; the session ends that wait itself.
                await self.driver.ended.wait()
        finally:
            self._left()
        _, late = await asyncio.wait({self._task}, timeout=CLOSE_TIMEOUT + 1.0)
        if late:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self.driver.stop(JOIN_TIMEOUT)

    async def _run(self) -> None:
        try:
            await self._live()
        except asyncio.CancelledError:
            # Who ends an event loop cancels all its tasks at once: whoever calls `close` then must
            # not wait for a connection that nobody serves.
            if not isinstance(self.state, ClosedState):
                end = Disconnect.of(CloseCode.NORMAL, "the client's task was cancelled")
                self._finish(ClosedState(gave_up=False, disconnect=end), end)
            raise
        except Exception as error:
            _LOGGER.debug("the client failed", exc_info=True)
            self._incoming.report(error, "the client")
            if not isinstance(self.state, ClosedState):
                end = Disconnect.of(CloseCode.ABNORMAL, repr(error))
                failed = ConnectionLostError(f"the client failed: {error!r}", end)
                failed.__cause__ = error
                self._finish(ClosedState(gave_up=False, disconnect=end, error=failed), end)
            await self.driver.stop(JOIN_TIMEOUT)

    async def _live(self) -> None:
        while True:
            self._is_open = False
            ending = await self._attempt()
            if self._leaving or isinstance(self.state, ClosedState):
                self._session.disconnected(ending.code, ending.reason, self.driver.now())
                self.driver.step()
                return
            delay = self._lost(ending)
            if delay is None:
                await self.driver.stop(JOIN_TIMEOUT)
                return
            await asyncio.sleep(delay)

    async def _attempt(self) -> Ending:
        """One connection, from the first byte to the last."""
        driver, options = self.driver, self._options
        self._session.connecting(options.session.attempt_timeout, driver.now())
        driver.connection = Connection(options.socket, options.token, driver)
        driver.step()
        try:
            return await driver.connection.run()
        except Exception as error:
            _LOGGER.debug("the connection failed", exc_info=True)
            self._incoming.report(error, "the connection")
            return Ending(CloseCode.ABNORMAL, repr(error))
        finally:
            driver.disconnected()

    def _lost(self, ending: Ending) -> float | None:
        """The connection is over: seconds until the next attempt, or None at the end."""
        now = self.driver.now()
        end = self._session.disconnected(ending.code, ending.reason, now)
        if ending.error is not None:
            end = Disconnect(end.code, end.reason, come_back=not ending.error.permanent)
        error = self._error(ending, end)
        delay = self._reconnect.lost(end, now)
        if delay is None:
            self._finish(ClosedState(gave_up=end.come_back, disconnect=end, error=error), end)
            return None
        self.driver.step()
        next_try = datetime.now(timezone.utc) + timedelta(seconds=delay)
        self._move(ReconnectingState(self._reconnect.attempt, error, next_try))
        return delay

    def _error(self, ending: Ending, end: Disconnect) -> WirecallError:
        url = shown_url(self._options.socket.url)
        if ending.error is not None:
            return ending.error
        if self._is_open:
            return ConnectionLostError(f"the connection to {url} ended: {end}", end)
        if self._session.refusal is None:
            return ConnectError(f"{url} ended the connection before it was open: {end}")
        refusal = read_error(self._session.codec, self._session.refusal, PROTOCOL_ERRORS)
        error = ConnectError(f"{url} refused the hello: {refusal.kind}: {refusal.message}")
        error.__cause__ = refusal
        return error

    def _opened(self, opened: Opened) -> None:
        self._is_open = True
        self._reconnect.opened(self.driver.now())
        hello = opened.hello
        session, user = (None, None) if hello is None else (hello.session, hello.user)
        contract = {} if hello is None else hello.contract
        incompatible = [name for name, word in contract.items() if word == "incompatible"]
        self._incoming.judged(incompatible)
        self._warn_of_contracts(incompatible)
        self._move(OpenState(session, user, opened.resumed, opened.reason))

    def _warn_of_contracts(self, services: list[str]) -> None:
        """Says once why the calls of a service fail."""
        if services and not self._warned:
            self._warned = True
            _LOGGER.warning(
                "generated from an older, incompatible contract, generate again: %s",
                ", ".join(services),
            )

    def _left(self) -> None:
        """The client is closed by `close`, and lets go of its connection."""
        if not isinstance(self.state, ClosedState):
            end = Disconnect.of(CloseCode.NORMAL, "closed by this side")
            self._finish(ClosedState(gave_up=False, disconnect=end), end)
        if self.driver.connection is None:
            self._task.cancel()
        else:
            self.driver.connection.drop(Drop(CloseCode.NORMAL, ""))

    def _finish(self, state: ClosedState, end: Disconnect) -> None:
        reason = "the client was closed" if state.error is None else str(state.error)
        self._session.end(end, reason)
        self.driver.step()
        self._move(state)

    def _move(self, state: State) -> None:
        self.state = state
        if isinstance(state, (OpenState, ClosedState)):
            self._settled.set()
        for listener in list(self._listeners):
            self._incoming.tell(listener, state, "listener of states")
