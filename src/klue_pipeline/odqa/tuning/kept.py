"""What several trials have in common: made once, as long as it is among the last ones asked for."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what was made last, by what decides it.

    Args:
        most: How many are kept.

    >>> squares = Kept[int](most=1)
    >>> squares.get(3, lambda: 3 * 3), squares.get(3, lambda: 0)
    (9, 9)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept of a key, or make it."""
        if key not in self._made:
            self.put(key, make())
        self._made.move_to_end(key)
        return self._made[key]

    def put(self, key: Hashable, made: T) -> None:
        """Take what is made already."""
        self._made[key] = made
        while len(self._made) > self._most:
            self._made.popitem(last=False)
