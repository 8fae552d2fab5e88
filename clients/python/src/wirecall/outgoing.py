"""This side's messages on their way out: who has a place, what leaves next, how each call ends.

Pure, like the session that it is a part of. What the protocol numbers enters the replay buffer,
which is the queue: the driver pulls frames one at a time when the socket has room, so a call counts
as written only when its bytes go to the socket. What it does not number overtakes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from wirecall.calls import PendingCall, PendingCalls, Request
from wirecall.codec import MAX_DEPTH, SEAL_BYTES, Codec
from wirecall.disconnect import Disconnect
from wirecall.errors import EncodeError
from wirecall.hello import HelloAnswer
from wirecall.kinds import DeadlineExceededError, ResourceExhaustedError, TooLargeError
from wirecall.message import items_message, notification_message
from wirecall.notices import CreditNotice, ItemNotice
from wirecall.output import Answered, Failed, Items, Output, Refused, Room, Sent
from wirecall.recovery import LostReason
from wirecall.replay import ExhaustedError, Replay
from wirecall.request import encode_request
from wirecall.streams import BeyondCreditError

MAX_HELD = 65_536
"""Calls held back above `max_calls` on an open connection; only a runaway loop meets it."""
MAX_CONTROL_BYTES = 1024 * 1024
"""What this side must say and may not wait: above it the server is too slow."""


class Outgoing:
    """The way out."""

    def __init__(
        self,
        codec: Codec,
        replay: Replay,
        queue: int,
        emit: Callable[[Output], None],
        *,
        plain: bool,
    ) -> None:
        """Starts with nothing to send.

        Args:
            codec: How messages are written.
            replay: The queue of the first session.
            queue: Calls and notifications that may wait where there is no session, or no room.
            emit: Takes what became of them.
            plain: Whether the peer knows nothing of `meta` and of numbers.
        """
        self._codec = codec
        self._queue = queue
        self._emit = emit
        self._plain = plain
        self._calls = PendingCalls()
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._overfull = False
        self._pong_due = False
        self._ack_due = False
        self._numbered: dict[int, PendingCall] = {}
        self._blocked = False
        self._last_id = 0
        self._proven = 0
        self._max_calls: float = math.inf
        self._max_streams: float = math.inf
        self.max_message_bytes: float = math.inf
        self.replay = replay
        self.exhausted = False
        """Whether a message found no number, which ends the session."""
        self.starved = False
        """Whether something waits for room."""

    def add(self, request: Request, now: float, *, is_open: bool) -> int:
        """Takes a request in and gives it its number among this side's calls.

        Raises:
            ResourceExhaustedError: As many wait as may; this one will not be sent.
        """
        limit = MAX_HELD if is_open and not self._blocked else self._queue
        if self._calls.waiting >= limit:
            raise ResourceExhaustedError.with_message(
                f"{request.method}: {limit} calls wait already (option `queue`); it was not sent"
            )
        call = PendingCall(self.next_id(), request, now + request.timeout)
        self._calls.add(call)
        return call.id

    def next_id(self) -> int:
        """A number that no call of this side has."""
        self._last_id += 1
        return self._last_id

    def limits(self, hello: HelloAnswer) -> None:
        """The server said what it takes."""
        self.max_message_bytes = hello.limits.max_message_bytes
        self._max_calls = hello.limits.max_calls
        self._max_streams = hello.limits.max_streams
        self.replay.peer_keeps(hello.limits.buffer_bytes)

    @property
    def too_slow(self) -> bool:
        """Whether the server takes none of what cannot wait, on this connection."""
        return self._overfull or self._control_bytes > MAX_CONTROL_BYTES

    @property
    def received(self) -> int:
        """The last number that the server is known to have, acknowledged or not."""
        return max(self.replay.peer_received, self._proven)

    def control(self, body: bytes) -> None:
        """Queues a message without a number."""
        self._control.append(body)
        self._control_bytes += len(body)

    def pong(self) -> None:
        """The server asked for life; one pong answers all that the socket has no room for."""
        self._pong_due = True

    def force(self, body: bytes) -> None:
        """Numbers a message that cannot wait for room."""
        self._push(body)
        # *Above the bound by at most 1 MiB and one message.*
        self._overfull = self._overfull or self.replay.excess > MAX_CONTROL_BYTES

    def say(self, body: bytes, *, tracked: bool) -> None:
        """Takes what the reader answers at once: without a number, it lives with the connection."""
        if tracked:
            self.force(body)
        else:
            self.control(body)

    def offer_answer(self, body: bytes) -> bool:
        """Numbers an answer, if there is room for it."""
        if not self._fits(len(body)):
            return False
        self._push(body)
        return True

    def admit(self, now: float, *, calls: bool) -> None:
        """Gives a place to what waits at its source, as far as there is room.

        Args:
            now: The present.
            calls: Whether new calls may start.
        """
        self._blocked = False
        for upload in self._calls.uploads():
            self._send_items(upload)
        while calls and (call := self._calls.first(self._max_calls, self._max_streams)) is not None:
            if self.exhausted or not self._fits(len(call.request.params or b"")):
                self._blocked = True
                return
            body = self._encode(call, now)
            if body is None:
                self._calls.remove(call.id)
                continue
            if not self._fits(len(body)):
                self._blocked = True
                return
            self._enter(call, body)
            if call.up is not None:
                # One that has ended has nothing to wait for, its end needs no credit.
                self._send_items(call)

    def note_ack(self, now: float) -> None:
        """Looks whether the server is to be told what was received."""
        self._ack_due = self._ack_due or now >= self.replay.ack_at()

    def ack_at(self) -> float:
        """When `note_ack` has something to find; infinite for never."""
        return math.inf if self._ack_due else self.replay.ack_at()

    def has_urgent(self) -> bool:
        """Whether `next_urgent` gives a frame."""
        return self._pong_due or self._ack_due or bool(self._control)

    def next_urgent(self, now: float) -> bytes | None:
        """The next message without a number, which overtakes those that have one."""
        if self._pong_due:
            self._pong_due = False
            return notification_message(self._codec, "rpc.pong", None)
        if self._ack_due:
            self._ack_due = False
            seq = self.replay.take_ack(now)
            if seq is not None:
                params = self._codec.encode({"seq": seq})
                return notification_message(self._codec, "rpc.ack", params)
        if not self._control:
            return None
        frame = self._control.popleft()
        self._control_bytes -= len(frame)
        return frame

    def next_tracked(self) -> tuple[bytes, bool] | None:
        """The next numbered message, and whether it is a call that awaits its answer."""
        before = self.replay.sent
        taken = self.replay.next()
        if taken is None:
            return None
        seq, body = taken
        call = self._numbered.get(seq)
        if call is not None and seq > before and call.request.notification:
            self._emit(Sent(call.id))
        is_call = call is not None and self._calls.find(call.id) is call
        if not self._plain:
            return self._codec.seal(body, seq), is_call
        # Nobody acknowledges, and nothing is sent twice: what is written is not kept.
        self.acked(seq)
        return body, is_call

    def acked(self, seq: int) -> None:
        """The server has received everything up to this number.

        Raises:
            OutOfRangeError: It was never sent.
        """
        self.replay.acked(seq)
        self._forget()

    def proven(self, seq: int) -> None:
        """The server is known to have everything up to this number, acknowledged or not."""
        self._proven = max(self._proven, seq)

    def resumed(self) -> None:
        """The session goes on, and with it everything that the server has not received."""
        # What is kept is written again first: only the acks of that make room.
        self._overfull = False
        self._forget()

    def answered(self, call: int | None, output: Answered | Refused | Failed) -> bool:
        """An answer arrived. False when nobody waits for it."""
        answered = self._calls.answer(call)
        if answered is None:
            return False
        # *Tracked messages leave in the order of `seq`*: who answers it has all before it, too.
        self.proven(answered.seq or 0)
        self._emit(output)
        return True

    def items(self, notice: ItemNotice | None) -> bool:
        """Items of a stream arrived; False where they cannot be read."""
        if notice is None:
            return False
        call = self._calls.find(notice.id)
        if call is None or call.down is None:
            return True
        try:
            call.down.receive(len(notice.items))
        except BeyondCreditError:
            self._calls.remove(call.id)
            words = f"{call.request.method} sent more items than it was allowed to"
            self._emit(Failed(call.id, ResourceExhaustedError.with_message(words)))
            self._tell_cancel(call)
            return True
        self._emit(Items(call.id, notice.items))
        return True

    def granted(self, notice: CreditNotice | None) -> bool:
        """The server takes more items of an upload; False where it does not say how many."""
        if notice is None or notice.credit < 1:
            return False
        call = self._calls.find(notice.id)
        if call is not None and call.up is not None:
            call.up.grant(notice.credit)
            self._tell_room(call)
        return True

    def took(self, call: int, items: int) -> None:
        """The consumer of a stream took items, and more may be granted."""
        pending = self._calls.find(call)
        more = None if pending is None or pending.down is None else pending.down.take(items)
        if more is not None:
            params = self._codec.encode({"id": call, "credit": more})
            self.force(notification_message(self._codec, "rpc.credit", params))

    def offer(self, call: int, item: bytes) -> None:
        """The producer of an upload has an item."""
        pending = self._calls.seek(call)
        if pending is not None and pending.up is not None and not pending.up.ended:
            pending.up.waiting.append(item)

    def end_upload(self, call: int) -> None:
        """The producer of an upload has no more."""
        pending = self._calls.seek(call)
        if pending is not None and pending.up is not None:
            pending.up.ended = True

    def wants_room(self, call: int) -> bool:
        """Whether a producer may go on at once; if not, `Room` tells it when."""
        pending = self._calls.seek(call)
        if pending is None or pending.up is None:
            return False
        pending.up.wanted = not pending.up.room
        return not pending.up.wanted

    def cancel(self, call: int) -> bool:
        """Ends a call that nobody awaits any more; False where it had its outcome."""
        removed = self._calls.remove(call)
        if removed is not None:
            self._tell_cancel(removed)
            return True
        for note in self._numbered.values():
            # It keeps its number, and is carried nowhere.
            if note.id == call:
                note.cancelled = True
        return False

    def expire(self, now: float) -> None:
        """Ends the calls whose time is up."""
        for call in self._calls.expire(now):
            limit = f"{call.request.method} was not answered within {call.request.timeout:g} s"
            self._emit(Failed(call.id, DeadlineExceededError.with_message(limit)))
            self._tell_cancel(call)

    def disconnected(self) -> None:
        """The connection is lost, and with it what has no number."""
        self._control.clear()
        self._control_bytes = 0
        self._pong_due = self._ack_due = self.starved = False

    def verdict(
        self,
        replay: Replay,
        received: int | None,
        end: Disconnect | None,
        lost: LostReason | None = None,
    ) -> None:
        """The session is lost: each call is carried over or ends.

        Args:
            replay: The queue of the next session.
            received: The last message that the server received; where nobody knows, every one of
                which a byte was written may be.
            end: How its last connection ended.
            lost: Why it is lost; None where it was as long as its connection.
        """
        known = self._known(received)
        for note in self._notes(known):
            self._calls.requeue(note)
        for call in self._calls.lose(known):
            self._emit(Failed(call.id, call.lost(end, lost)))
        self._start_over(replay)

    def clear(
        self,
        reason: str,
        end: Disconnect | None,
        received: int | None = None,
        lost: LostReason | None = None,
    ) -> None:
        """Ends everything; `received` is the last message that the server received, if known."""
        known = self._known(received)
        notes = self._notes(known)
        for call in sorted([*self._calls.clear(), *notes], key=lambda call: call.id):
            # One that is sent again was written once, so nobody knows whether it ran.
            may_have_run = call.resends or (call.seq is not None and call.seq <= known)
            error = call.lost(end, lost) if may_have_run else call.unsent(reason, end)
            self._emit(Failed(call.id, error))
        self.disconnected()
        self._start_over(Replay(0))

    def clear_waiting(self, reason: str, end: Disconnect | None) -> None:
        """Ends the calls that have no place in the session."""
        while (call := self._calls.first(math.inf, math.inf)) is not None:
            self._calls.remove(call.id)
            error = call.lost(end) if call.resends else call.unsent(reason, end)
            self._emit(Failed(call.id, error))

    def wake_at(self) -> float:
        """When `expire` has something to do; infinite for never."""
        return self._calls.wake_at()

    def _known(self, received: int | None) -> int:
        """The last message that the server may have received in the session that is lost."""
        return self.replay.sent if received is None else max(received, self.replay.peer_received)

    def _notes(self, known: int) -> list[PendingCall]:
        """The notifications that it never received, those that were taken back excepted."""
        numbered = self._numbered.items()
        late = [call for seq, call in numbered if seq > known and call.request.notification]
        return [call for call in late if not call.cancelled]

    def _start_over(self, replay: Replay) -> None:
        self._numbered.clear()
        self._blocked = False
        self._proven = 0
        self._overfull = self.exhausted = self.starved = False
        self.replay = replay

    def _tell_cancel(self, removed: PendingCall) -> None:
        # The server knows of what has a number, or will; a plain peer's only if it streams.
        if removed.seq is not None and (removed.request.streams or not self._plain):
            params = self._codec.encode({"id": removed.id})
            self.force(notification_message(self._codec, "rpc.cancel", params))

    def _too_large(self, call: PendingCall, size: int) -> bool:
        if size + (0 if self._plain else SEAL_BYTES) <= self.max_message_bytes:
            return False
        limit = f"{size} bytes, the server takes {self.max_message_bytes}"
        words = f"{call.request.method} is too large: {limit} (max_message_bytes)"
        self._emit(Failed(call.id, TooLargeError.with_message(words)))
        return True

    def _too_deep(self, call: PendingCall, body: bytes) -> bool:
        if self._plain or not self._codec.too_deep(body):
            return False
        words = f"{call.request.method} is nested more than {MAX_DEPTH} deep, which cannot be sent"
        self._emit(Failed(call.id, EncodeError(words)))
        return True

    def _forget(self) -> None:
        """What was received need not be known by its number any more."""
        while self._numbered and (seq := next(iter(self._numbered))) <= self.replay.peer_received:
            del self._numbered[seq]

    def _enter(self, call: PendingCall, body: bytes) -> None:
        seq = self._push(body)
        if seq is not None:
            self._calls.enter(call, seq)
            self._numbered[seq] = call

    def _push(self, body: bytes) -> int | None:
        try:
            return self.replay.push(body)
        except ExhaustedError:
            self.exhausted = True
            return None

    def _fits(self, size: int) -> bool:
        fits = self.replay.fits(size)
        self.starved = self.starved or not fits
        return fits

    def _send_items(self, call: PendingCall) -> None:
        while call.up is not None and call.up.ready:
            if call.up.waiting:
                body = items_message(self._codec, "rpc.upload", call.id, [call.up.waiting[0]])
            else:
                params = self._codec.encode({"id": call.id})
                body = notification_message(self._codec, "rpc.upload_end", params)
            if self.exhausted or not self._fits(len(body)):
                return
            if self._too_large(call, len(body)) or self._too_deep(call, body):
                self._calls.remove(call.id)
                self._tell_cancel(call)
                return
            call.up.leave()
            self._push(body)
        self._tell_room(call)

    def _tell_room(self, call: PendingCall) -> None:
        if call.up is not None and call.up.wanted and call.up.room:
            call.up.wanted = False
            self._emit(Room(call.id))

    def _encode(self, call: PendingCall, now: float) -> bytes | None:
        body = encode_request(self._codec, call, now, plain=self._plain)
        return None if self._too_large(call, len(body)) or self._too_deep(call, body) else body
