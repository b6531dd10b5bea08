import keras
import numpy as np
import pytest

from common.models import scaling


def _scaled(kind, rows):
    network = keras.Sequential(
        [keras.Input((2,)), *scaling.layers(kind, 10.0), keras.layers.Flatten()]
    )
    return network(np.array(rows, np.float32)).numpy()


def test_unit_gives_every_row_the_gain_as_length_but_one_of_zeros():
    found = _scaled("unit", [[3, 4], [0.3, -0.4], [0, 0]])

    np.testing.assert_allclose(found, [[6, 8], [6, -8], [0, 0]], rtol=1e-5)


def test_none_leaves_rows_as_they_are():
    assert _scaled("none", [[3, 4]]).tolist() == [[3, 4]]


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="one of none, unit; received 'log'"):
        scaling.layers("log", 1.0)
