import pathlib

import numpy as np
import pytest

from common.data import arrays
from common.data.protocols import build
from common.data.protocols import papers
from common.data.protocols import stored

FOLDER = pathlib.Path(build.__file__).parent
CUTS = [(name, cut) for name, cuts in papers.CUTS.items() for cut in cuts]


def dataset(count, unlabelled=(), untagged=()):
    text = np.ones((count, 1), np.uint8)
    labels = np.ones((count, 1), np.uint8)
    text[list(untagged)] = 0
    labels[list(unlabelled)] = 0
    # Names of their own take as long to make as all the rest.
    ids = np.zeros(count, "U1")
    image = np.ones((count, 1), np.uint8)
    return arrays.CrossModalData(image, text, labels, ids)


@pytest.mark.parametrize(
    ("name", "cut"), CUTS, ids=[f"{name}-{cut.dataset}" for name, cut in CUTS]
)
def test_every_stored_split_has_the_sizes_of_its_paper(name, cut):
    parts = stored.parts(name, dataset(cut.items))

    assert len(parts["query"]) == cut.num_query
    assert len(parts["retrieval"]) == cut.items - cut.num_query
    assert len(parts["train"]) == (cut.num_train or cut.items - cut.num_query)
    # Every row is one or the other, and only retrieval rows are trained on.
    used = np.bincount(parts["query"], minlength=cut.items)
    used += 2 * np.bincount(parts["retrieval"], minlength=cut.items)
    assert set(used) == {1, 2}
    assert set(used[parts["train"]]) == {2}


@pytest.mark.parametrize("name", stored.NAMES)
def test_the_stored_files_are_those_the_script_writes(name):
    with np.load(FOLDER / f"{name}.npz") as kept:
        for cut in papers.CUTS[name]:
            for part, rows in build.rows(cut).items():
                np.testing.assert_array_equal(
                    kept[f"{cut.dataset}_{part}"], rows
                )


def test_first_and_last_follow_the_order_of_the_file():
    data = dataset(20015)

    dcmh, ucch = (stored.parts(name, data) for name in ("dcmh", "ucch"))

    assert dcmh["query"].tolist() == list(range(2000))
    assert dcmh["train"].tolist() == list(range(2000, 12000))
    assert ucch["query"].tolist() == list(range(18015, 20015))


def test_rows_that_the_paper_leaves_out_are_left_out_first():
    # 20,015 of 20,018 rows have a label and a tag.
    data = dataset(20018, unlabelled=[0, 5], untagged=[7])

    parts = stored.parts("dcmh", data)

    # The first 2,000 that stay: 0, 5 and 7 are gone.
    assert parts["query"][:6].tolist() == [1, 2, 3, 4, 6, 8]
    assert parts["query"][-1] == 2002
    assert parts["retrieval"][-1] == 20017


def test_the_uncut_mirflickr_is_taken_whole_where_the_paper_does():
    data = dataset(25000, unlabelled=range(4985))

    assert len(stored.parts("ugach_paper", data)["query"]) == 1250
    assert stored.parts("ssah", data)["query"].min() >= 4985


def test_an_unknown_number_of_items_is_explained():
    data = dataset(10, unlabelled=[1], untagged=[2])

    with pytest.raises(ValueError, match="has 10, with a label 9, with .* 8"):
        stored.parts("uch", data)
