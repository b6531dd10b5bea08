"""One step of a Keras model and of its peer in PyTorch, side by side."""

import dataclasses

import numpy as np

from common.data import pipeline
from common.training import loop
from experiments.benchmarks.training import cases

# Wide enough for windows of 50 words.
SIZES = cases.Sizes(rows=60, image_dim=14, words=55, labels=6)
WIDTHS = {
    "ugach": {"hidden_units": 9, "batch_size": 8},
    "uch": {
        "batch_size": 16,
        "text_feature_units": 11,
        "outer_hidden_units": 12,
        "representation_units": 7,
        "inner_hidden_units": 6,
        "outer_discriminator_units": 5,
        "inner_discriminator_units": 4,
        "discriminator_outputs": 3,
    },
    "ssah": {
        "batch_size": 8,
        "feature_units": 9,
        "label_hidden_units": 10,
        "text_hidden_units": 12,
        "discriminator_first_units": 5,
        "discriminator_second_units": 4,
    },
}


def small(case, **changes):
    """The same case with narrow layers and short codes."""
    config = dataclasses.replace(
        case.config, bits=8, **WIDTHS[case.method] | changes
    )
    return dataclasses.replace(case, config=config)


def small_cases(method, setting):
    """The narrow cases of a method with one setting."""
    found = []
    for case in cases.cases([method], [setting], SIZES):
        pool = getattr(case.config, "pool_size", 0)
        changes = {"pool_size": 5} if pool else {}
        found.append(small(case, **changes))
    return found


def prepared(case, kind, data, folder):
    """A model that is about to make its first step of a kind."""
    model = cases.make_model(case, folder)
    model.compile(jit_compile=False)
    train = model.prepare(data)
    model.phase = model.turns(train).begin(case.epochs[kind])
    assert model.phase == kind
    draws = model.make_draws(train, case.config.batch_size, silent=True)
    return model, train, draws


def step(model, train, draws):
    """Losses of the model's first step, as numbers."""
    supervised = model.supervised
    batches = pipeline.batches(
        train.data, train.rows, draws, 0, 1, with_labels=supervised
    )
    (batch,) = list(batches)
    found = loop.step_function(model)(batch)
    return {name: float(value) for name, value in found.items()}


def check(case, kind, data, folder, make_peer):
    """Compares losses, gradients and weights after a step of both.

    Returns:
        The players whose weights have moved.
    """
    model, train, draws = prepared(case, kind, data, folder)
    peer = make_peer(model, data)
    before = {
        name: [weight.copy() for weight in peer.weights(name)]
        for name in model.players
    }

    losses = step(model, train, draws)
    found = peer.step(kind, draws(0))

    losses.pop("loss")
    assert set(losses) == set(found)
    for name, value in losses.items():
        np.testing.assert_allclose(
            found[name].item(), value, rtol=1e-4, err_msg=name
        )
    moved = set()
    for name, old in before.items():
        _check_weights(model, peer, name)
        if any(map(_differ, old, peer.weights(name))):
            moved.add(name)
            _check_gradients(model, peer, name)
    return moved


def _differ(old, new):
    return np.abs(new - old).max() > 1e-5


def _check_weights(model, peer, player):
    # Adam's first step has the rate's length, whatever that of the gradient:
    # where this is nearly 0, rounding decides.
    rate = float(model.optimizer_of(player).learning_rate)
    for ours, theirs in zip(
        model.players[player], peer.weights(player), strict=True
    ):
        np.testing.assert_allclose(
            theirs, ours.numpy(), rtol=1e-5, atol=0.01 * rate, err_msg=player
        )


def _check_gradients(model, peer, player):
    optimizer = model.optimizer_of(player)
    gradients = peer.gradients(player)
    for momentum, theirs in zip(optimizer._momentums, gradients, strict=True):
        ours = momentum.numpy() / (1.0 - optimizer.beta_1)
        np.testing.assert_allclose(
            theirs,
            ours,
            rtol=1e-4,
            atol=1e-3 * np.abs(ours).max() + 1e-9,
            err_msg=player,
        )
