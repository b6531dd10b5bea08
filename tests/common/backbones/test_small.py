import numpy as np
import pytest

from common.backbones import small


@pytest.mark.parametrize("shape", [(64, 64, 3), (40, 90, 3)])
def test_pictures_of_any_size_give_features_of_one_width(shape):
    pictures = np.random.default_rng(0).integers(0, 256, (3, *shape))

    network = small.network(shape)
    features = network(pictures.astype(np.float32))

    assert features.shape == (3, *network.output_shape[1:])
    assert (np.std(features, axis=0) > 0).any()


def test_responses_keep_their_scale_through_the_layers():
    network = small.network((64, 64, 3), seed=1)
    pictures = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3))

    features = network(pictures.astype(np.float32)).numpy()

    assert 0.1 < np.sqrt(np.mean(features**2)) < 10
