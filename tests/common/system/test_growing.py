import numpy as np

from common.system import growing


def _rows(*numbers):
    values = np.array(numbers, np.int64)
    return np.stack([values, values], axis=1).astype(np.uint8), values


def _values(grown):
    rows, values = grown.arrays
    np.testing.assert_array_equal(rows[:, 0], values)
    return values.tolist()


def test_what_was_there_keeps_what_it_shows():
    none = growing.Grown.of(*_rows())
    first = none.extended(*_rows(1, 2))
    second = first.extended(*_rows(3))
    other = first.extended(*_rows(4, 5))

    assert [_values(grown) for grown in (none, first, second, other)] == [
        [],
        [1, 2],
        [1, 2, 3],
        [1, 2, 4, 5],
    ]


def test_rows_are_copied_as_often_as_capacity_doubles():
    grown, buffers = growing.Grown.of(*_rows()), set()

    for number in range(1000):
        grown = grown.extended(*_rows(number % 256))
        # Held, so that no two have one address.
        buffers.add(grown.buffer)

    assert len(buffers) == 9
    assert _values(grown) == [number % 256 for number in range(1000)]
