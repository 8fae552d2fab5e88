"""What arrives, in whatever form: no message raises."""

from __future__ import annotations

import pytest

from tests.machine import opened
from wirecall.link import Phase
from wirecall.output import (
    Answered,
    Drop,
    Event,
    Fault,
)

MALFORMED: list[tuple[str, int]] = [
    ("", -32700),
    ("nonsense", -32700),
    ("{", -32700),
    ('{"jsonrpc":"2.0","id":1,"result":NaN}', -32700),
    ("[" * 200_000, -32700),
    ("[" * 129 + "]" * 129, -32700),
    ('{"a":' * 500 + "1" + "}" * 500, -32700),
    ("\ud800", -32700),
    ("1", -32600),
    ("null", -32600),
    ('"text"', -32600),
    ("[]", -32600),
    ("[1]", -32600),
    ("{}", -32600),
    ('{"jsonrpc":"2.0"}', -32600),
    ('{"jsonrpc":"2.0","id":1}', -32600),
    ('{"jsonrpc":"1.0","method":"a"}', -32600),
    ('{"method":"a"}', -32600),
    ('{"jsonrpc":"2.0","method":1}', -32600),
    ('{"jsonrpc":"2.0","method":"a","params":1}', -32600),
    ('{"jsonrpc":"2.0","method":"a","id":{}}', -32600),
    ('{"jsonrpc":"2.0","method":"a","id":true}', -32600),
    ('{"jsonrpc":"2.0","method":"a","meta":3}', -32600),
]


@pytest.mark.parametrize(("frame", "code"), MALFORMED, ids=lambda value: repr(value)[:40])
def test_what_is_no_message_is_answered_and_the_session_lives(frame: str, code: int) -> None:
    machine = opened()
    machine.raw(frame)
    (answer,) = machine.frames()
    assert (answer["id"], answer["error"]["code"]) == (None, code)
    assert machine.session.phase is Phase.OPEN


@pytest.mark.parametrize(
    "frame",
    [
        '{"jsonrpc":"2.0","method":"rpc.close"}',
        '{"jsonrpc":"2.0","method":"rpc.close","params":{"code":"x"}}',
        '{"jsonrpc":"2.0","method":"rpc.cancel"}',
        '{"jsonrpc":"2.0","method":"rpc.cancel","params":[]}',
        '{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":99}}',
        '{"jsonrpc":"2.0","method":"rpc.unheard_of","params":{}}',
        '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}',
        '{"jsonrpc":"2.0","method":"a","id":1e999,"meta":{"timeout_ms":-1}}',
    ],
)
def test_odd_messages_of_the_protocol_end_nothing(frame: str) -> None:
    machine = opened()
    machine.raw(frame)
    assert machine.session.phase is Phase.OPEN
    assert machine.take(Drop) == []


def test_a_time_limit_of_a_thousand_digits_is_only_a_long_one() -> None:
    machine = opened()
    machine.session.handled.add("a")
    limit = "9" * 1000
    machine.raw('{"jsonrpc":"2.0","method":"a","id":1,"meta":{"timeout_ms":' + limit + "}}")
    assert machine.session.phase is Phase.OPEN


def test_a_batch_is_read_entry_by_entry() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    answer = f'{{"jsonrpc":"2.0","id":{call},"result":1}}'
    machine.raw('[{"jsonrpc":"2.0","method":"e"},' + answer + ",7]")
    assert [type(output) for output in machine.outputs()] == [Event, Answered, Fault]
