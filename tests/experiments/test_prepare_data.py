import numpy as np
import pytest

from common.data import readers
from experiments import prepare_data


def test_names_that_are_no_data_set_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one of coco_hashing, iapr_tc12"):
        prepare_data.prepare("flickr", tmp_path, tmp_path)
    with pytest.raises(ValueError, match="configurations dcmh, labelled, ugac"):
        prepare_data.prepare("mirflickr25k/tc10", tmp_path, tmp_path)


def test_a_missing_archive_is_named_with_its_source(tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "mirflickr25k.zip").write_bytes(b"")

    with pytest.raises(OSError, match="mirflickr25k_annotations_v080.zip from"):
        prepare_data.prepare(
            "mirflickr25k/dcmh", tmp_path / "manual", tmp_path / "out"
        )


def test_prepared_arrays_are_a_data_set_with_features_beside_them(tmp_path):
    from common.data.datasets.nus_wide import nus_wide_dataset_builder as nus

    manual = tmp_path / "manual"
    files = {
        "ConceptsList/Concepts81.txt": "sky\nsea\n",
        "ImageList/Imagelist.txt": "a\\1.jpg\na\\2.jpg\na\\3.jpg\n",
        "NUS_WID_Tags/TagList1k.txt": "blue\ngreen\n",
        "NUS_WID_Tags/AllTags1k.txt": "1\t0\n0\t1\n1\t1\n",
        "Groundtruth/AllLabels/Labels_sky.txt": "1\n0\n1\n",
        "Groundtruth/AllLabels/Labels_sea.txt": "0\n0\n1\n",
    }
    for name, text in files.items():
        (manual / name).parent.mkdir(parents=True, exist_ok=True)
        (manual / name).write_text(text)
    config = nus.Config(name="toy", concepts=2, items=2, num_words=2)
    builder = nus.Builder(config=config, data_dir=tmp_path / "prepared")
    prepare_data.build(builder, manual, tmp_path)
    np.save(tmp_path / "image.npy", np.ones((2, 3)))

    found = readers.read(tmp_path)

    assert found.text.tolist() == [[1, 0], [1, 1]]
    assert found.labels.tolist() == [[1, 0], [1, 1]]
    assert found.ids.tolist() == ["a/1.jpg", "a/3.jpg"]
    assert found.vocabulary.tolist() == ["blue", "green"]
