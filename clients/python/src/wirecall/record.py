"""The base of generated message types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import msgspec
from msgspec import StructMeta, field

if TYPE_CHECKING:
    from typing_extensions import Unpack, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Stands in for the typing function of Python 3.11, which does nothing at run time."""
        return lambda cls: cls


class RecordConfig(TypedDict, total=False):
    """What a record's class line may set.

    Attributes:
        tag: This record's name in a union of tagged records.
        tag_field: The member that holds the tag; `type` by default.
        frozen: Whether attributes are read-only; True by default.
        omit_defaults: Whether fields that equal their default are left out; True by default.
        kw_only: Whether fields are given by name only; True by default.
        forbid_unknown_fields: Whether unknown members are refused; False by default.
        array_like: Whether the record is an array on the wire; False by default.
    """

    tag: str | int | bool | None
    tag_field: str | None
    frozen: bool
    omit_defaults: bool
    kw_only: bool
    forbid_unknown_fields: bool
    array_like: bool


class RecordMeta(StructMeta):
    """Makes every record keyword-only, which msgspec does not inherit from the base."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, object],
        **config: Unpack[RecordConfig],
    ) -> RecordMeta:
        """Makes the class."""
        config.setdefault("kw_only", True)
        return super().__new__(mcls, name, bases, namespace, **config)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Record(msgspec.Struct, metaclass=RecordMeta, frozen=True, omit_defaults=True):
    """A message: keyword-only, read-only, compared by value.

    A field whose name is not its wire name says so: `class_: str = field(name="class")`. One that
    may be absent is `field: T | UnsetType = UNSET`; one that may be absent or null alike is
    `field: T | None = None`.

    Example:
        class Message(Record):
            id: str
            sent_at: datetime
    """
