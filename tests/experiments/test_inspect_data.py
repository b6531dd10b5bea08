import json

import numpy as np
import pytest
from matplotlib import image as mpl_image

from experiments import inspect_data


def test_a_report_figures_and_a_sheet_are_written(
    data_file, tmp_path, damaged_thumbnail_file
):
    out = tmp_path / "out"

    report = inspect_data.inspect(
        str(data_file), out, str(damaged_thumbnail_file)
    )

    assert json.loads((out / "report.json").read_text()) == report
    assert report["items"] == 120
    for name in ("report.png", "contact_sheet.png"):
        assert mpl_image.imread(out / name).shape[2] == 4
    lines = inspect_data.show(report).splitlines()
    assert lines[0] == "120 items"
    assert lines[-2].startswith("linear CCA: own text nearer in ")
    assert lines[-1].startswith(
        "WRONG: 1 thumbnails are no readable JPEG, the first is that of row 2."
    )


def test_a_data_set_of_pixels_is_described(data, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 4, 6, 3), np.uint8)
    np.savez(tmp_path / "d.npz", image=pixels, text=data.text)

    report = inspect_data.inspect(str(tmp_path / "d.npz"), tmp_path / "out")

    assert "images: pixels 4 x 6 x 3 of uint8, 0 to 255, " in (
        inspect_data.show(report)
    )
    assert (tmp_path / "out" / "report.png").is_file()


def test_the_command_names_what_is_wrong(command, data, tmp_path):
    text = data.text.copy()
    labels = data.labels.copy()
    labels[11] = 0
    np.savez(tmp_path / "d.npz", image=data.image, text=text, labels=labels)

    code, output, errors = command("inspect_data", "d.npz")

    assert (code, errors) == (2, "")
    assert "WRONG: 1 items have no label, the first is row 11." in output
    assert "leave them out (--rows)" in output
    assert (tmp_path / "runs" / "inspect_d" / "report.png").is_file()
    assert not (tmp_path / "runs" / "inspect_d" / "contact_sheet.png").exists()


def test_what_is_no_data_set_is_refused_in_one_sentence(tmp_path):
    image = np.ones((5, 3))
    image[2] = np.nan
    np.savez(tmp_path / "d.npz", image=image, text=np.ones((5, 2)))

    with pytest.raises(ValueError, match="NaN or infinite values in 1 rows"):
        inspect_data.inspect(str(tmp_path / "d.npz"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
