"""How vectors compare: any value, members that may be absent, and names that stand for values."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from tests.peer import Json

_GROUPS = (
    ("outcome", "item"),
    ("event", "serve", "abort", "chunk", "chunks_end"),
    ("hook",),
    ("drop", "opened", "ended"),
)

Expected: TypeAlias = list[Json] | Literal["*"]


class Names:
    """The names of one vector and what they stand for."""

    def __init__(self) -> None:
        """Knows none."""
        self.bound: dict[str, object] = {}

    def fill(self, value: object) -> object:
        """An input with its names replaced by what they stand for."""
        match value:
            case str() if value.startswith("$"):
                return self.bound[value]
            case {"$fill": int(count)}:
                return "x" * count
            case dict():
                members = cast("Json", value)
                return {name: self.fill(member) for name, member in members.items()}
            case list():
                return [self.fill(entry) for entry in cast("list[object]", value)]
            case _:
                return value

    def compare_writes(self, expected: Expected, written: list[Json], where: str) -> None:
        """Messages with a number in order, and those without among themselves."""
        if expected == "*":
            return
        for numbered in (True, False):
            wanted = [message for message in expected if ("seq" in message) is numbered]
            found = [message for message in written if ("seq" in message) is numbered]
            self._compare_lists(wanted, found, f"written, {where}", anew=True)

    def compare_tells(self, expected: Expected, told: list[Json], where: str) -> None:
        """Tells in order within their groups."""
        if expected == "*":
            return
        for group in _GROUPS:
            wanted = [tell for tell in expected if any(name in tell for name in group)]
            found = [tell for tell in told if any(name in tell for name in group)]
            self._compare_lists(wanted, found, f"told, {where}")

    def _compare_lists(
        self, expected: list[Json], found: list[Json], where: str, *, anew: bool = False
    ) -> None:
        if len(expected) != len(found):
            raise AssertionError(_short(where, expected, found))
        for wanted, message in zip(expected, found, strict=True):
            if anew and "method" in wanted and isinstance(wanted.get("id"), str):
                self.bound.pop(wanted["id"], None)
            if not self._fits(wanted, message):
                raise AssertionError(_short(where, wanted, message))

    def _fits(self, expected: object, found: object) -> bool:
        match expected:
            case str() if expected.startswith("$"):
                fits = self.bound.setdefault(expected, found) == found
            case {"$fill": int(count)}:
                fits = found == "x" * count
            case dict() if isinstance(found, dict):
                fits = self._members_fit(cast("Json", expected), cast("Json", found))
            case list() if isinstance(found, list):
                wanted, entries = cast("list[object]", expected), cast("list[object]", found)
                fits = len(wanted) == len(entries) and all(map(self._fits, wanted, entries))
            case bool() | None:
                fits = expected is found
            case _:
                fits = expected == "*" or (not isinstance(found, bool) and expected == found)
        return fits

    def _members_fit(self, expected: Json, found: Json) -> bool:
        seen: set[str] = set()
        for name, value in expected.items():
            if name == "*":
                seen.update(found)
                continue
            plain = name.removesuffix("?")
            seen.add(plain)
            if plain not in found:
                if plain == name:
                    return False
            elif not self._fits(value, found[plain]):
                return False
        return seen >= found.keys()


def _short(where: str, expected: object, found: object) -> str:
    return "\n".join(text[:600] for text in (where, f"expected {expected}", f"found {found}"))
