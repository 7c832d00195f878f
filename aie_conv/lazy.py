"""A cached property without a lock, which planners read millions of times.

``functools.cached_property`` takes a lock at every first access before Python 3.12, and a search asks each of
its many tilings for a dozen properties once.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class cached_property(Generic[T_co]):
    """``functools.cached_property`` for objects of one thread."""

    def __init__(self, function: Callable[[Any], T_co]) -> None:
        self._function = function
        self.__doc__ = function.__doc__
        self.__isabstractmethod__ = getattr(function, "__isabstractmethod__", False)

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T_co: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T_co:
        if instance is None:
            return self
        value = self._function(instance)
        instance.__dict__[self._name] = value
        return value
