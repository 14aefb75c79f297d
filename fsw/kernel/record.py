"""Records: small values that are made by the hundred thousand and never changed."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots whose fields the type checker keeps from being set.

    `dataclass(frozen=True)` would keep them at run time too, and takes three times as long to make one.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
