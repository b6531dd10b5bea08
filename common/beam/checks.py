"""Which rows of a shard can be encoded, and under which id."""

import numpy as np

from common.beam import rows as rows_lib


class Check:
    """Tells the rows that can be encoded from those that cannot.

    Args:
        first_id: Id of the shard's row 0 where ids are counted, else None.
        scale: Step of each column, where numbers are quantised.

    Attributes:
        letters: Those that cannot, so far.
        ids: Row by id of those that can, so far, in order.
    """

    def __init__(self, first_id: int | None, scale: np.ndarray | None = None):
        self.letters = []
        self.ids = {}
        self._first_id = first_id
        self._scale = scale

    def __call__(self, rows: rows_lib.Rows) -> np.ndarray:
        """The values that can be encoded, [m, ...] float32."""
        # What is too large for float32 becomes infinite, and is told below.
        with np.errstate(over="ignore"):
            values = np.asarray(rows.values, np.float32)
            if self._scale is not None:
                values = values * self._scale
        ids = rows.ids
        if ids is None:
            ids = rows.numbers + self._first_id
        finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        good = np.zeros(len(values), bool)
        for at, (row, item) in enumerate(
            zip(rows.numbers.tolist(), ids.tolist(), strict=True)
        ):
            reason = None
            if not finite[at]:
                reason = "it holds NaN or an infinite value"
            elif item in self.ids:
                reason = f"id {item} is row {self.ids[item]} already"
            if reason:
                self.letters.append(rows_lib.DeadLetter(row, 1, reason))
            else:
                self.ids[item] = row
                good[at] = True
        return values[good]
