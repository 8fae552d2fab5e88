"""Who hears what the server sends: listeners of events, handlers of calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, TypeVar

from msgspec import Raw

from wirecall.options import ErrorListener
from wirecall.output import Event
from wirecall.serving import CallHandler

Unsubscribe: TypeAlias = Callable[[], None]
"""Stops what the call that gave it started; calling it again does nothing."""

T = TypeVar("T")

_LOGGER = logging.getLogger("wirecall")


def log_error(error: Exception, where: str) -> None:
    """What happens to errors that no caller awaits, unless the program listens for them."""
    _LOGGER.error("%s: %s", where, error, exc_info=error)


def once(stop: Callable[[], None]) -> Unsubscribe:
    """The same listener may be added twice: whoever stops twice stops only what is theirs."""
    stops = [stop]

    def run() -> None:
        while stops:
            stops.pop()()

    return run


class Incoming:
    """The listeners and handlers of one client."""

    def __init__(self, report: ErrorListener, handled: set[str]) -> None:
        """Starts with none.

        Args:
            report: Hears of listeners that raise.
            handled: Kept up to date with the methods that have a handler.
        """
        self._report = report
        self._handled = handled
        self._listeners: dict[str, list[tuple[str, Callable[[Raw | None], None]]]] = {}
        self._services: dict[str, str] = {}
        self._incompatible: Collection[str] = ()
        self.handlers: dict[str, CallHandler] = {}

    def report(self, error: Exception, where: str) -> None:
        """Tells the program of an error that no caller awaits. Never raises."""
        try:
            self._report(error, where)
        except Exception:
            _LOGGER.exception("on_error itself failed")

    def judged(self, incompatible: Collection[str]) -> None:
        """Hello was answered with the services that the server finds incompatible.

        From here on their events are not told, and the calls that belong to them not run.
        """
        self._incompatible = incompatible

    def on(self, service: str, method: str, listener: Callable[[Raw | None], None]) -> Unsubscribe:
        """Adds a listener for an event of a service."""
        added = (service, listener)
        self._listeners.setdefault(method, []).append(added)

        def stop() -> None:
            self._listeners[method].remove(added)
            if not self._listeners[method]:
                del self._listeners[method]

        return once(stop)

    def serve(self, service: str, handlers: Mapping[str, CallHandler]) -> Unsubscribe:
        """Adds handlers for calls that belong to a service.

        Raises:
            ValueError: A method has one already.
        """
        taken = self.handlers.keys() & handlers.keys()
        if taken:
            raise ValueError(f"there is a handler already: {', '.join(sorted(taken))}")
        self.handlers.update(handlers)
        self._services.update(dict.fromkeys(handlers, service))
        self._handled.update(handlers)

        def stop() -> None:
            for method, handler in handlers.items():
                if self.handlers.get(method) is handler:
                    del self.handlers[method]
                    self._handled.discard(method)

        return stop

    def refused(self, method: str) -> str | None:
        """The incompatible service that a call belongs to, if there is one."""
        service = self._services.get(method)
        return service if service in self._incompatible else None

    def deliver(self, event: Event) -> None:
        """Calls the listeners of an event; one that raises does not keep it from the others."""
        for service, listener in list(self._listeners.get(event.method, ())):
            if service in self._incompatible:
                continue
            self.tell(listener, event.params, f"listener of {event.method}")

    def tell(self, listener: Callable[[T], None], value: T, where: str) -> None:
        """Calls one listener and reports what it raises."""
        try:
            listener(value)
        except Exception as error:
            _LOGGER.debug("the %s failed", where, exc_info=True)
            self.report(error, where)
