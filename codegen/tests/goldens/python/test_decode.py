"""Everything that the generated modules declare decodes, and goes back to the JSON it came from."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from types import ModuleType
from typing import cast

import msgspec
import pytest
from wirecall import Record, RpcError
from wirecall.codec_json import JSON
from wirecall.rpc_error import details_type

HERE = Path(__file__).parent
MODULES = sorted(
    f"{path.parent.name}.{path.stem}"
    for path in HERE.glob("*/*.py")
    if path.parent.name != "__pycache__"
)

SCALARS = {
    "big": 5,
    "small": -1,
    "float": 0.5,
    "letter": "a",
    "flag": True,
    "at": "2026-11-22T10:00:00Z",
    "raw": [1],
}

SAMPLES: list[tuple[str, str, object]] = [
    ("kinds.kinds", "Scalars", SCALARS),
    ("kinds.kinds", "External", "Unit"),
    ("kinds.kinds", "External", {"Newtype": "lobby"}),
    ("kinds.kinds", "External", {"Tuple": [1, 2]}),
    ("kinds.kinds", "External", {"Struct": {"a": 1}}),
    ("kinds.kinds", "Internal", {"type": "unit"}),
    ("kinds.kinds", "Internal", {"type": "newtype", **SCALARS}),
    ("kinds.kinds", "Internal", {"type": "struct", "count": 1, "note": "n"}),
    ("kinds.kinds", "Adjacent", {"t": "Unit"}),
    ("kinds.kinds", "Adjacent", {"t": "Struct", "c": {"a": 1}}),
    ("kinds.kinds", "Flat", {"kind": "a", "own": 1, "z": 2, "x": 3}),
    ("kinds.kinds", "Open", {"known": 1, "other": "text"}),
    ("kinds.kinds", "HashOrBlock", "0xabc"),
    ("kinds.kinds", "HashOrBlock", {"number": 1, "transactions": ["0x1"]}),
    ("kinds.kinds", "HashOrBlock", {"number": 1, "transactions": [{"hash": "a", "value": "b"}]}),
    ("kinds.kinds", "HashOrBlock", {"uncle": "0x1"}),
    ("kinds.kinds", "Color", "red"),
    ("files.files", "File", {"name": "a", "content": "AP8B", "thumbnail": None, "preview": ""}),
    ("files.files", "Part", {"Raw": "AP8B"}),
    ("files.files", "Change", {"type": "written", "content": "AP8B"}),
    ("files.files", "Adjacent", {"t": "data", "c": {"data": "AP8B"}}),
    ("files.files", "Mixed", "text"),
    ("files.files", "Extra", {"name": "a", "first": "AP8B", "other": "AP8B"}),
    ("recursive.tree", "Comment", {"text": "a", "answers": [{"text": "b", "answers": []}]}),
    (
        "recursive.tree",
        "Expr",
        {
            "type": "add",
            "left": {"type": "number", "value": 1.5},
            "right": {"type": "call", "name": "f", "args": [{"type": "number", "value": 2.5}]},
        },
    ),
    ("recursive.tree", "Tree", {"Node": {"left": {"Leaf": 1}, "right": {"Leaf": 2}}}),
    ("recursive.tree", "Json", {"a": [1.5, None, {"b": "c"}]}),
    ("recursive.tree", "Ping", {"pong": {"ping": [{"pong": None}], "json": [True]}}),
]


def declared(module: ModuleType) -> dict[str, object]:
    """What a module declares itself: classes and aliases."""
    names = getattr(module, "__annotations__", {})
    return {
        name: value
        for name, value in vars(module).items()
        if name in names or (inspect.isclass(value) and value.__module__ == module.__name__)
    }


@pytest.mark.parametrize("name", MODULES)
def test_msgspec_takes_every_declared_type(name: str) -> None:
    module = importlib.import_module(name)
    for value in declared(module).values():
        if inspect.isclass(value) and issubclass(value, RpcError):
            details_type(value)
        elif not inspect.isclass(value) or issubclass(value, Record):
            msgspec.json.Decoder(cast("type[object]", value))


@pytest.mark.parametrize(("module", "name", "sample"), SAMPLES)
def test_a_value_goes_back_to_the_json_it_came_from(module: str, name: str, sample: object) -> None:
    shape = getattr(importlib.import_module(module), name)
    value = JSON.decode(json.dumps(sample), shape)
    assert json.loads(JSON.encode(value)) == sample


def test_details_of_an_error_become_attributes() -> None:
    error = importlib.import_module("hostile.a_b").HostileTimeoutError(
        message_="m", code_=1, kind_="k", details_="d", args_=["a"]
    )
    assert (error.code, error.kind, error.code_, error.kind_) == (1001, "timeout", 1, "k")
    assert error.details == {
        "message": "m",
        "code": 1,
        "kind": "k",
        "details": "d",
        "args": ["a"],
    }
