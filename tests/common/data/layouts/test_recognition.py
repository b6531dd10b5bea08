import h5py
import numpy as np
import pytest
import scipy.io

from common.data import readers


def arrays(items, **changed):
    names = {"XAll": "image", "YAll": "text", "LAll": "labels"}
    return {name: items[field] for name, field in names.items()} | changed


def test_what_is_found_and_what_is_accepted_is_listed(items, tmp_path):
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"features": items["image"]})

    with pytest.raises(readers.DataError) as refused:
        readers.read(path)

    message = str(refused.value)
    assert f"{path}: no data set is recognised; it holds features (7, 5)" in (
        message
    )
    for accepted in (
        "XAll",
        "I_te",
        "VTest",
        "ImgQuery",
        "list/",
        "UKD",
        "tc10",
    ):
        assert accepted in message


def test_other_files_of_a_folder_are_listed(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")

    with pytest.raises(readers.DataError, match="it holds notes.txt"):
        readers.read(tmp_path)


@pytest.mark.parametrize("kept", [0, 60, 200, -300])
@pytest.mark.parametrize("version", [5, 7.3])
def test_a_truncated_file_is_refused(items, tmp_path, version, kept):
    path = tmp_path / "x.mat"
    if version == 5:
        scipy.io.savemat(path, arrays(items))
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays(items).items():
                file[name] = array
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(readers.DataError, match="x.mat") as refused:
        readers.read(path)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"YAll": np.ones((6, 3))}, "no axis has the same length"),
        ({"LAll": np.full((7, 2), 3)}, "only 0 and 1"),
        ({"XAll": np.full((7, 5), np.nan)}, "NaN or infinite"),
        ({"YAll": np.full((7, 3), 1e39)}, r"`text`.*1e\+39 in row 0, column 0"),
        ({"LAll": np.eye(7)[:, :1]}, "say --labels=classes or --labels=multi_"),
        ({"LAll": np.array([[1j, 2]] * 7)}, "an array of complex numbers"),
        ({"XAll": np.ones((7, 4, 6, 2))}, "one of 3 channels"),
    ],
)
def test_malformed_arrays_end_in_one_sentence(
    items, tmp_path, changed, message
):
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, arrays(items, **changed))

    with pytest.raises(readers.DataError, match=message) as refused:
        readers.read(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
