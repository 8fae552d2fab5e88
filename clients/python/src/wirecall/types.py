"""Types that Python's own cannot say: a type expression as a value, an integer sent as a string."""

from __future__ import annotations

from typing import Generic, TypeVar, get_args

T = TypeVar("T")


class TypeExpr(Generic[T]):
    """A type given as a value, where a class alone will not do: `TypeExpr[str | None]()`.

    Type checkers accept `Message` or `list[Message]` for a `type[T]`, but not a union, a literal
    or an alias of one.
    """

    __orig_class__: object

    def resolve(self) -> object:
        """The type that stands in the brackets.

        Raises:
            TypeError: There are no brackets.
        """
        arguments = get_args(getattr(self, "__orig_class__", None))
        if not arguments:
            raise TypeError("write the type in brackets: TypeExpr[str | None]()")
        return arguments[0]


class StringInt(int):
    """An integer that crosses the wire as a string, for ids and amounts beyond ±(2^53 - 1).

    It is an `int` in every other respect: `StringInt(2**63) + 1`.
    """
