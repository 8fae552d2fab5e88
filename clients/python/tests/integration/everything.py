"""A value of every form, with the edges of each."""

from __future__ import annotations

from datetime import datetime, timezone

from tests.integration.generated.fixture import (
    Circle,
    Everything,
    Nothing,
    Page,
    Rectangle,
    Text,
    TextC,
    Tree,
)

EVERYTHING = Everything(
    flag=True,
    tiny=255,
    large=2**53 - 1,
    negative=-(2**53 - 1),
    ratio=-1.5e-7,
    text='quotes " and \\, a line\nbreak, \0, ä, \N{CRAB}, \u2028',
    letter="\N{CRAB}",
    nothing=None,
    list=[-(2**31), 0, 2**31 - 1],
    set=["a", "b"],
    map={"": True, "class": None, "a b": False},
    pair=(2**32 - 1, ""),
    user="ada",
    at=datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=timezone.utc),
    color="deep_blue",
    shapes=[Circle(radius=0.1), Rectangle(width=1.0, height=2.0), Nothing()],
    adjacent=Text(c=TextC(text="inside")),
    untagged=["many", "texts"],
    tree=Tree(name="root", children=[Tree(name="leaf", children=[])]),
    page=Page(items=["x"], next="y"),
    class_="a keyword",
    two_words="no name",
    note="from another type",
)
