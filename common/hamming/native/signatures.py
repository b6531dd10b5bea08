"""What every compiled function takes, and the one check of it.

C sees nothing but addresses. All that it relies on is stated here and checked
before each call: types, shapes, which sizes of several arrays are one, which
numbers are in range, and that results can be written.
"""

import ctypes
import dataclasses
from collections.abc import Callable
from collections.abc import Mapping

import numpy as np

_Sizes = Mapping[str, int]
# A size by its name, which the first array that has it sets, or computed.
_Size = str | int | Callable[[_Sizes], int]


@dataclasses.dataclass(frozen=True)
class Array:
    """An array argument.

    Attributes:
        name: What errors call it.
        dtype: Its type.
        shape: Its sizes.
        written: Whether the function writes to it.
    """

    name: str
    dtype: type
    shape: tuple[_Size, ...]
    written: bool = False


@dataclasses.dataclass(frozen=True)
class Number:
    """An integer argument from `least` to `most`; usable as a size."""

    name: str
    least: int
    most: Callable[[_Sizes], int]


def _takes(name, dtype, *shape) -> Array:
    return Array(name, dtype, shape)


def _writes(name, dtype, *shape) -> Array:
    return Array(name, dtype, shape, True)


def _all_bits(sizes: _Sizes) -> int:
    return 8 * sizes["width"]


def _query_limits(sizes: _Sizes) -> int:
    return sizes["q"] + 1


_QUERIES = _takes("queries", np.uint8, "q", "width")
_ROWS = _takes("rows", np.uint8, "n", "width")
_RADIUS = Number("radius", 0, _all_bits)
_HITS = (
    _takes("places", np.int64, _query_limits),
    _writes("distances", np.int32, "room"),
    _writes("positions", np.int64, "room"),
    _writes("counts", np.int64, "q"),
)

SIGNATURES: dict[str, tuple[Array | Number, ...]] = {
    "nearest": (
        _QUERIES,
        _ROWS,
        Number("bits", 1, _all_bits),
        Number("k", 1, lambda sizes: sizes["n"]),
        _writes("distances", np.int32, "q", "k"),
        _writes("positions", np.int64, "q", "k"),
    ),
    "within": (_QUERIES, _ROWS, _RADIUS, *_HITS),
    "histograms": (
        _QUERIES,
        _ROWS,
        _takes("query_labels", np.uint64, "q", "label_words"),
        _takes("labels", np.uint64, "n", "label_words"),
        Number("bits", 1, _all_bits),
        _writes("counts", np.int64, "q", lambda s: s["bits"] + 1, 2),
    ),
    "build_table": (
        _ROWS,
        Number("first", 0, lambda sizes: _all_bits(sizes) - 1),
        Number("length", 1, lambda s: min(24, _all_bits(s) - s["first"])),
        _writes("starts", np.uint32, lambda s: (1 << s["length"]) + 1),
        _writes("members", np.uint32, "n"),
    ),
    "probe": (
        _QUERIES,
        _ROWS,
        _RADIUS,
        _takes("tables", np.int64, "m"),
        _takes("edges", np.int64, lambda sizes: sizes["m"] + 1),
        _takes("starts", np.uint32, "size"),
        _takes("members", np.uint32, "m", "n"),
        *_HITS,
    ),
    "compare_only": (
        _takes("query", np.uint8, "width"),
        Number("tiles", 0, lambda sizes: 1 << 40),
        _writes("total", np.uint64, 1),
    ),
}


def c_types(name: str) -> list:
    """The types of a function's arguments in C.

    They are the number of the code path, all sizes in the order in which the
    signature first names them, and the arrays.
    """
    sizes = _size_names(SIGNATURES[name])
    arrays = sum(isinstance(kind, Array) for kind in SIGNATURES[name])
    sized = [ctypes.c_int64] * len(sizes)
    return [ctypes.c_int, *sized, *[ctypes.c_void_p] * arrays]


def checked(name: str, arguments: tuple[int | np.ndarray, ...]) -> list[int]:
    """Checks the arguments of a function and puts them as C takes them.

    Args:
        name: One of `SIGNATURES`.
        arguments: In the signature's order. Arrays have to live on until the
            function returns.

    Returns:
        All sizes, then the arrays' addresses.

    Raises:
        ValueError: An argument is not what the signature says.
    """
    sizes: dict[str, int] = {}
    addresses = []
    for kind, given in zip(SIGNATURES[name], arguments, strict=True):
        if isinstance(kind, Number):
            sizes[kind.name] = _checked_number(name, kind, given, sizes)
        else:
            _check_array(name, kind, given, sizes)
            addresses.append(given.ctypes.data)
    return [*sizes.values(), *addresses]


def _size_names(signature) -> list[str]:
    names: dict[str, None] = {}
    for kind in signature:
        if isinstance(kind, Number):
            names[kind.name] = None
        else:
            named = (size for size in kind.shape if isinstance(size, str))
            names.update(dict.fromkeys(named))
    return list(names)


def _checked_number(name: str, kind: Number, given, sizes: _Sizes) -> int:
    most = kind.most(sizes)
    if not isinstance(given, int | np.integer) or not (
        kind.least <= given <= most
    ):
        raise ValueError(
            f"The scan `{name}` takes {kind.name} from {kind.least} to {most}, "
            f"received {given!r}."
        )
    return int(given)


def _check_array(name: str, kind: Array, given, sizes: dict[str, int]) -> None:
    """Checks an array and adds the sizes that it is the first to have."""
    shape = getattr(given, "shape", ())
    if len(shape) == len(kind.shape):
        for size, found in zip(kind.shape, shape, strict=True):
            if isinstance(size, str):
                sizes.setdefault(size, found)
    wanted = [_size(size, sizes) for size in kind.shape]
    if (
        not isinstance(given, np.ndarray)
        or given.dtype != kind.dtype
        or list(shape) != wanted
        or not given.flags.c_contiguous
        or not given.flags.aligned
        or kind.written > given.flags.writeable
    ):
        raise ValueError(_refusal(name, kind, given, wanted))


def _size(size: _Size, sizes: _Sizes) -> int | str:
    if isinstance(size, str):
        return sizes.get(size, size)
    return size(sizes) if callable(size) else size


def _refusal(name: str, kind: Array, given, wanted: list) -> str:
    is_array = isinstance(given, np.ndarray)
    found = f"{given.dtype} {list(given.shape)}" if is_array else repr(given)
    if is_array and not given.flags.c_contiguous:
        found += f" with strides {given.strides}"
    if is_array and kind.written and not given.flags.writeable:
        found += ", which is read-only"
    return (
        f"The scan `{name}` takes {kind.name} as a C-contiguous "
        f"{np.dtype(kind.dtype)} array [{', '.join(map(str, wanted))}], "
        f"received {found}."
    )
