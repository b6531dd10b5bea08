import numpy as np
import pytest

from common.data import readers
from experiments.benchmarks.scale import imitation

SIZE = imitation.Size(items=3000, image_dim=64, tags=200, seed=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    imitation.write(folder, SIZE)
    return {name: readers.read(folder / name) for name in imitation.NAMES}


def test_both_data_sets_are_read_from_disk_and_share_items(made):
    ten, more = made["tc10"], made["tc21"]

    assert isinstance(ten.image, np.memmap)
    assert (ten.image.shape, ten.text.shape) == ((3000, 64), (3000, 200))
    assert (ten.labels.shape[1], more.labels.shape[1]) == (10, 21)
    np.testing.assert_array_equal(ten.image, more.image)
    np.testing.assert_array_equal(ten.text, more.text)


def test_labels_have_the_frequencies_of_nus_wide(made):
    # 332,189 labels of 186,577 items, and 411,438 of 195,834; those that had
    # none got one.
    assert made["tc10"].labels.sum(axis=1).mean() == pytest.approx(1.9, abs=0.2)
    assert made["tc21"].labels.sum(axis=1).mean() == pytest.approx(2.2, abs=0.2)
    for data in made.values():
        shares = data.labels.mean(axis=0)
        assert 0.3 < shares[0] < 0.5
        assert shares[0] > 2 * shares[-1]
        assert data.labels.any(axis=1).all()


def test_tags_follow_zipf_and_go_with_labels(made):
    text = made["tc10"].text.astype(float)
    frequency = text.mean(axis=0)

    assert text.sum(axis=1).mean() == pytest.approx(5.78, abs=0.4)
    assert frequency[:20].mean() > 3 * frequency[-20:].mean()
    # Chance would leave a median of 0.012.
    labels = made["tc10"].labels[:, 0].astype(float)
    found = [abs(np.corrcoef(labels, tag)[0, 1]) for tag in text.T[:50]]
    assert np.median(found) > 0.03


def test_images_are_zero_by_halves_and_of_low_rank(made):
    image = np.asarray(made["tc10"].image)

    assert 0.3 < (image == 0).mean() < 0.7
    variances = np.linalg.svd(image - image.mean(axis=0), compute_uv=False) ** 2
    assert variances[:16].sum() > 0.5 * variances.sum()


def test_a_seed_gives_the_same_rows_again_and_another_does_not(made, tmp_path):
    other = imitation.Size(items=3000, image_dim=64, tags=200, seed=6)
    for name, size in (("again", SIZE), ("other", other)):
        imitation.write(tmp_path / name, size)

    again, different = (
        readers.read(tmp_path / name / "tc10").digest()
        for name in ("again", "other")
    )

    assert again == made["tc10"].digest()
    assert different != again
