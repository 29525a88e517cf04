"""Answers of a forge have the shape that its API documents, or are an outside error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import wraps
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from kubeaid_ci.forge.forge import ForgeAddress
from kubeaid_ci.forge.interface import ForgeError

C = TypeVar("C", bound=type)
T = TypeVar("T")
_SHAPE = (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError)
"""Exceptions from reading a JSON value of another shape."""


@contextmanager
def reading(address: ForgeAddress) -> Iterator[None]:
    """Raise `ForgeError` for answers of another shape than the ones that are read within."""
    try:
        yield
    except _SHAPE as error:
        raise unexpected(address) from error


def unexpected(address: ForgeAddress) -> ForgeError:
    """Return the error for an answer that this forge's API does not document."""
    message = f"{address.remote}: {address.api} gives an answer that the API of {address.kind} does not have"
    advice = "check --forge and --forge-url, and whether a proxy or a login page is in between"
    return ForgeError(f"{message}; {advice}", status=None, passes=False)


def reads_answers(forge: C) -> C:
    """Make the public methods of a class with an `address` raise `ForgeError` for answers of another shape."""
    for name, method in list(vars(forge).items()):
        if callable(method) and not name.startswith("_") and name not in {one.name for one in fields(forge)}:
            setattr(forge, name, _guarded(method))
    return forge


def user_id(user: Any) -> str:
    """Return the id of a user of an answer, empty for one that no longer exists."""
    return "" if user is None else str(int(user["id"]))


def _guarded(method: Callable[..., T]) -> Callable[..., T]:
    @wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> T:
        with reading(self.address):
            found = method(self, *arguments, **named)
            check(found)
        return found

    return call


def check(found: Any) -> None:
    """Raise `TypeError` if a value that was made of an answer is not of its declared type."""
    for one in found if isinstance(found, tuple) else (found,):
        if is_dataclass(one) and not isinstance(one, type):
            hints = get_type_hints(type(one))
            if not all(_is(getattr(one, field.name), hints[field.name]) for field in fields(one)):
                raise TypeError(type(one).__name__)


def _is(value: Any, hint: Any) -> bool:
    if get_origin(hint) is UnionType:
        return any(_is(value, each) for each in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(item, get_args(hint)[0]) for item in value)
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
