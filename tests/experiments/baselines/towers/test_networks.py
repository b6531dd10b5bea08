import numpy as np
import pytest

from experiments.baselines.deep import layers


@pytest.fixture(scope="module")
def networks():
    """The module, which imports TensorFlow."""
    from experiments.baselines.towers import networks

    return networks


def test_a_tower_of_arrays_by_hand():
    # One hidden unit: relu(2 (x - 1) - 3), then two outputs.
    tower = layers.Tower(
        mean=np.array([1.0]),
        scale=np.array(2.0),
        widths=np.array([1, 1, 2]),
        values=np.array([1.0, -3.0, 4.0, -5.0, 0.5, 0.25]),
    )

    # x = 3: 2 * 2 - 3 = 1; x = 2: 2 - 3 < 0 gives 0, which leaves biases.
    np.testing.assert_allclose(
        tower.outputs(np.array([[3.0], [2.0]])), [[4.5, -4.75], [0.5, 0.25]]
    )
    np.testing.assert_array_equal(
        tower.encode(np.array([[3.0]])), [[True, False]]
    )
    assert tower.bits == 2


@pytest.mark.parametrize("hidden", ([8], [8, 6]))
def test_arrays_give_what_the_network_gave(networks, pairs, hidden):
    scaling = layers.scaling(pairs.image)
    network = networks.tower(scaling, [*hidden, 4], 0)

    view = networks.as_arrays(network, *scaling)

    np.testing.assert_allclose(
        np.tanh(view.outputs(pairs.image)),
        network.predict(pairs.image, verbose=0),
        atol=1e-5,
    )


def test_the_last_kernel_may_start_large(networks):
    scaling = np.zeros(3), 1.0
    small, large = (
        networks.tower(scaling, [500, 40], 0, s) for s in (0.0, 1.0)
    )

    assert large.layers[-1].kernel.numpy().std() == pytest.approx(1, rel=0.05)
    assert small.layers[-1].kernel.numpy().std() < 0.1


def test_a_bank_replaces_rows(networks):
    bank = networks.MemoryBank(3, 2, seed=1)
    before = bank.rows([0, 1, 2]).numpy()

    bank.put(np.array([2, 0]), np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))

    np.testing.assert_array_equal(
        bank.rows([0, 1, 2]), [[3.0, 4.0], before[1], [1.0, 2.0]]
    )


def test_cosines_by_hand(networks):
    left = np.array([[3.0, 4.0]], np.float32)
    right = np.array([[2.0, 0.0], [0.0, -1.0]], np.float32)

    np.testing.assert_allclose(networks.cosines(left, right), [[0.6, -0.8]])


def test_phases_take_turns(networks):
    turns = networks.Alternating("a", "b")

    assert [turns.begin(epoch) for epoch in range(3)] == ["a", "b", "a"]
