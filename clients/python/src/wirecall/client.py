"""The client: what a program opens, hands to generated classes, watches and closes."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from wirecall.connector import Connector, ConnectorOptions
from wirecall.incoming import Incoming, Unsubscribe, log_error
from wirecall.options import ConnectOptions, SessionOptions, boot_clock
from wirecall.rpc_error import RpcError
from wirecall.service import ServiceClient, ServiceContext
from wirecall.session import Session
from wirecall.states import OpenState, State
from wirecall.websocket import SocketOptions

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

DEFAULT_TIMEOUT = 30.0
"""The time limit of calls that have no other, in seconds."""


class Client:
    """A connection to a server that comes back by itself. Made by `connect`; one event loop only.

    Use it as `async with client:` or call `close`, which joins every task it started.
    """

    def __init__(self, url: str, options: ConnectOptions) -> None:
        """Starts the first attempt; `connect` is the way to make one.

        Raises:
            ValueError: An option makes no sense.
            RuntimeError: There is no running event loop.
        """
        settings = SessionOptions.of(options)
        socket = SocketOptions(
            # The page's own scheme is what people copy from a browser.
            re.sub("^http", "ws", url),
            codec=settings.codec,
            plain=settings.plain,
            headers=options.get("headers", {}),
            ssl=options.get("ssl"),
            max_message_bytes=settings.max_message_bytes,
            grace=settings.heartbeat.grace,
            write_deadline=settings.heartbeat.write_deadline,
        )
        self._session = Session(settings)
        incoming = Incoming(options.get("on_error", log_error), self._session.handled)
        connector = ConnectorOptions(settings, socket, options.get("token"), boot_clock)
        self._connector = Connector(self._session, incoming, connector)
        self._context = ServiceContext(
            self._connector.driver,
            incoming,
            tuple(options.get("layers", ())),
            options.get("timeout", DEFAULT_TIMEOUT),
        )

    @property
    def state(self) -> State:
        """The state now."""
        return self._connector.state

    @property
    def session(self) -> str | None:
        """The session's id; None while there is none, and for a plain peer."""
        return self.state.session if isinstance(self.state, OpenState) else None

    @property
    def user(self) -> str | None:
        """Who the server says is calling; None while away, and where it says nobody."""
        return self.state.user if isinstance(self.state, OpenState) else None

    def on_state(self, listener: Callable[[State], None]) -> Unsubscribe:
        """Calls a plain function at every change of state; returns what stops that."""
        return self._connector.on_state(listener)

    def service(
        self, name: str, *, contract: str | None = None, errors: Sequence[type[RpcError]] = ()
    ) -> ServiceClient:
        """The calls of one service, for generated code and for plain JSON-RPC servers.

        Args:
            name: The service's name.
            contract: The fingerprint of its contract, told to the server in the next hello.
            errors: The classes of its errors.
        """
        if contract is not None:
            self._session.contracts[name] = contract
        return ServiceClient(self._context, name, errors)

    async def wait_open(self) -> None:
        """Waits for the first `open`, which `connect` has done already unless it was `lazy`.

        Cancelling changes nothing.

        Raises:
            ConnectError: The client gave up or was told to stay away.
            ClosedError: It was closed.
        """
        await self._connector.wait_open()

    async def close(self) -> None:
        """Ends the session and joins every task.

        Calls that were written fail with `ConnectionLostError`, those that were not with
        `ClosedError`; handlers of the server's calls are cancelled. It takes a few seconds at
        most, whatever the server does. Cancelling it leaves the client closed; calling it again
        waits for the rest.
        """
        await self._connector.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class Connecting:
    """What `connect` gives: await it for a client, or enter it and the client is closed for you."""

    def __init__(self, url: str, options: ConnectOptions) -> None:
        """Made by `connect`; nothing happens before it is awaited or entered."""
        self._url = url
        self._options = options
        self._client: Client | None = None

    def __await__(self) -> Generator[object, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        self._client = await self._open()
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def _open(self) -> Client:
        client = Client(self._url, self._options)
        if self._options.get("lazy", False):
            return client
        try:
            await client.wait_open()
        except BaseException:
            await client.close()
            raise
        return client


def connect(url: str, **options: Unpack[ConnectOptions]) -> Connecting:
    """Connects to a server.

    `async with connect(url) as client:` closes the client at the end of the block;
    `client = await connect(url)` leaves that to you. Both wait for the first `open`, unless the
    option `lazy` is set. Cancelling closes what was half open.

    Args:
        url: Where the server listens: `ws://localhost:3000/ws` or `wss://example.org/ws`;
            `http` and `https` are taken for `ws` and `wss`.
        **options: See `ConnectOptions`.

    Raises:
        ConnectError: The first attempt failed; the message says what to check.
        ValueError: An option makes no sense.
    """
    return Connecting(url, options)
