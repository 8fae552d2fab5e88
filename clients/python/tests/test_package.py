"""What a user of the package sees of it."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import metadata
from pathlib import Path
from types import FunctionType
from typing import get_args, get_origin

import wirecall
from wirecall.options import ConnectOptions, SessionOptions


def test_the_version_is_one() -> None:
    package = metadata("wirecall")
    assert package["Version"] == wirecall.__version__ == SessionOptions().version


def test_the_licence_and_the_oldest_python_are_told() -> None:
    package = metadata("wirecall")
    assert package["License-Expression"] == "MIT OR Apache-2.0"
    assert package["Requires-Python"] == ">=3.10"


def test_every_exported_name_is_there_and_documented() -> None:
    for name in wirecall.__all__:
        exported = getattr(wirecall, name)
        if isinstance(exported, (type, FunctionType)) and get_origin(exported) is None:
            assert exported.__doc__, name


def test_the_type_of_a_codec_names_each_that_connect_takes() -> None:
    names: tuple[wirecall.CodecName, ...] = get_args(wirecall.CodecName)
    assert {SessionOptions.of(ConnectOptions(codec=name)).codec.text for name in names} == {
        True,
        False,
    }


def test_every_module_says_why_it_exists() -> None:
    for module in pkgutil.iter_modules(wirecall.__path__, "wirecall."):
        assert importlib.import_module(module.name).__doc__


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    assert (Path(wirecall.__path__[0]) / "py.typed").exists()
