"""Errors from the wire to a class and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from tests.fixtures.chat import MutedError, NobodyThereError, RoomNotFoundError
from wirecall import (
    FieldError,
    InternalError,
    RateLimitedError,
    RpcError,
    ValidationError,
    WirecallError,
)
from wirecall.codec_json import JSON
from wirecall.kinds import PROTOCOL_ERRORS
from wirecall.message import ErrorBody, ErrorCode
from wirecall.rpc_error import read_error

CLASSES: dict[int, type[RpcError]] = {
    **PROTOCOL_ERRORS,
    1001: RoomNotFoundError,
    1002: MutedError,
    2001: NobodyThereError,
}


def read(text: bytes) -> RpcError:
    """The error of a response."""
    return read_error(JSON, JSON.decode(text, ErrorBody), CLASSES)


def test_a_services_error_becomes_its_class_with_typed_fields() -> None:
    error = read(
        b'{"code":1002,"message":"hush","data":{"kind":"muted","retryable":true,'
        b'"retry_after_ms":1500,"details":{"until":"2026-01-02T03:04:05Z","class":"loud"}}}'
    )
    assert isinstance(error, MutedError)
    assert error.until == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert error.class_ == "loud"
    assert (error.kind, error.message, str(error)) == ("muted", "hush", "hush")
    assert (error.retryable, error.retry_after) == (True, 1.5)
    assert error.details == {"until": "2026-01-02T03:04:05Z", "class": "loud"}


def test_details_that_do_not_fit_still_give_an_error() -> None:
    error = read(b'{"code":1001,"message":"no","data":{"kind":"room_not_found","details":{}}}')
    assert type(error) is RpcError
    assert (error.code, error.kind) == (1001, "room_not_found")


def test_an_unknown_code_is_a_plain_rpc_error() -> None:
    error = read(b'{"code":7,"message":"x","data":{"kind":"new","details":[1]}}')
    assert type(error) is RpcError
    assert (error.code, error.kind, error.details) == (7, "new", [1])


@pytest.mark.parametrize("data", [b'"text"', b"[1]", b'{"reason":"x"}', b"3"])
def test_what_a_foreign_server_puts_into_data_is_all_details(data: bytes) -> None:
    error = read(b'{"code":3,"message":"execution reverted","data":' + data + b"}")
    assert error.details == JSON.decode(data, object)
    assert error.kind == "unknown"


def test_an_error_without_data_has_no_details() -> None:
    error = read(b'{"code":-32601,"message":"Method not found"}')
    assert type(error) is PROTOCOL_ERRORS[-32601]
    assert (error.kind, error.details) == ("method_not_found", None)


def test_every_code_of_the_protocol_has_a_class_with_its_kind() -> None:
    assert {code: cls.kind for code, cls in PROTOCOL_ERRORS.items()} == {
        int(code): code.name.lower() for code in ErrorCode
    }


def test_a_validation_error_lists_what_is_wrong() -> None:
    error = read(
        b'{"code":-32602,"message":"no","data":{"kind":"validation_error","details":'
        b'{"errors":[{"path":"/text","rule":"length","message":"too long"}]}}}'
    )
    assert isinstance(error, ValidationError)
    assert error.errors == [FieldError(path="/text", rule="length", message="too long")]


def test_an_internal_error_carries_its_incident() -> None:
    data = b'{"kind":"internal_error","details":{"incident":"abc"}}'
    error = read(b'{"code":-32603,"message":"failed","data":' + data + b"}")
    assert isinstance(error, InternalError)
    assert error.incident == "abc"


def test_a_rate_limit_says_when_to_come_back() -> None:
    data = b'{"kind":"rate_limited","retryable":true,"retry_after_ms":250}'
    error = read(b'{"code":-32003,"message":"slow down","data":' + data + b"}")
    assert isinstance(error, RateLimitedError)
    assert (error.retryable, error.retry_after) == (True, 0.25)


def test_an_error_is_made_from_its_fields() -> None:
    error = RoomNotFoundError(room="lobby")
    assert (error.code, error.kind, error.room) == (1001, "room_not_found", "lobby")
    assert error.details == {"room": "lobby"}
    assert str(error) == "The room does not exist, or the caller is not in it."


def test_an_errors_own_words_and_optional_fields() -> None:
    error = NobodyThereError.with_message("out for lunch")
    assert (str(error), error.since, error.details) == ("out for lunch", None, {"since": None})


def test_a_missing_field_is_a_type_error() -> None:
    def make(kind: Callable[..., RpcError]) -> RpcError:
        return kind()

    with pytest.raises(TypeError, match="room"):
        make(RoomNotFoundError)


def test_a_plain_rpc_error_is_made_with_a_code_and_any_details() -> None:
    error = RpcError("no", code=17, kind="odd", place="here")
    assert (error.code, error.kind, error.details) == (17, "odd", {"place": "here"})


def test_everything_is_a_wirecall_error() -> None:
    assert issubclass(RpcError, WirecallError)
    assert all(issubclass(cls, RpcError) for cls in PROTOCOL_ERRORS.values())
