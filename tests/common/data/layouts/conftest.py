import h5py
import numpy as np
import pytest

# Seven items with five features, three words and two labels, told apart by
# every number.
IMAGE = np.arange(35, dtype=np.float32).reshape(7, 5)
TEXT = np.array([[i % 2, (i // 2) % 2, i // 4] for i in range(1, 8)], np.uint8)
LABELS = np.array([[1, i % 2] for i in range(7)], np.uint8)
PIXELS = np.random.default_rng(0).integers(0, 255, (7, 4, 6, 3), np.uint8)


@pytest.fixture(scope="session")
def items():
    return {"image": IMAGE, "text": TEXT, "labels": LABELS}


@pytest.fixture(scope="session")
def pixels():
    """Seven pictures, 4 high and 6 wide."""
    return PIXELS


@pytest.fixture
def matlab73(tmp_path):
    """Writes arrays as MATLAB v7.3 does: axes reversed, class as attribute."""

    def write(name, **arrays):
        path = tmp_path / name
        with h5py.File(path, "w", userblock_size=512) as file:
            for key, array in arrays.items():
                file[key] = array.T
                file[key].attrs["MATLAB_class"] = np.bytes_("double")
        return path

    return write
