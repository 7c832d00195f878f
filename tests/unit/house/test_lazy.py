"""The cached property computes once for each object, and says what it is on the class."""

from dataclasses import dataclass

from aie_conv.lazy import cached_property


@dataclass(frozen=True)
class Square:
    side: int
    log: list[int]

    @cached_property
    def area(self) -> int:
        """Its area."""
        self.log.append(self.side)
        return self.side**2


def test_it_computes_once_for_each_object() -> None:
    log: list[int] = []
    small, large = Square(2, log), Square(3, log)
    assert [small.area, large.area, small.area] == [4, 9, 4]
    assert log == [2, 3]
    assert Square.area.__doc__ == "Its area."
