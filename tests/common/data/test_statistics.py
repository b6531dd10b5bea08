import numpy as np
import pytest

from common.data import statistics


# Blocks of one row, and of 7 rows with 12 columns.
@pytest.mark.parametrize("values", [1, 84])
def test_figures_do_not_depend_on_what_is_read_at_once(
    data, monkeypatch, values
):
    whole = statistics.of_images(data)
    monkeypatch.setattr(statistics, "_BLOCK_VALUES", values)

    found = statistics.of_images(data)

    assert (found.minimum, found.maximum) == (whole.minimum, whole.maximum)
    assert found.mean == pytest.approx(data.image.mean(dtype=np.float64))
    assert found.row_norm == pytest.approx(whole.row_norm)
    np.testing.assert_array_equal(found.repeats, whole.repeats)
