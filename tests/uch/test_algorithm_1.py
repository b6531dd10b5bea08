import numpy as np
import pytest
import tensorflow as tf

RATE = 0.5
NOTHING = {
    "adversarial_weight": 0.0,
    "reconstruction_weight": 0.0,
    "similarity_weight": 0.0,
}
# What each update may change, running means included.
PARTS = {
    "text_encoder": lambda model: model.text_encoder,
    "outer_image_to_text": lambda model: model.outer.image_to_text,
    "outer_text_to_image": lambda model: model.outer.text_to_image,
    "outer_image_judge": lambda model: model.outer.image_discriminator,
    "outer_text_judge": lambda model: model.outer.text_discriminator,
    "inner_image_to_text": lambda model: model.inner.image_to_text,
    "inner_text_to_image": lambda model: model.inner.text_to_image,
    "inner_image_judge": lambda model: model.inner.image_discriminator,
    "inner_text_judge": lambda model: model.inner.text_discriminator,
}
MOVING = {
    "outer_discriminators": {"outer_image_judge", "outer_text_judge"},
    "outer_generators": {
        "text_encoder",
        "outer_image_to_text",
        "outer_text_to_image",
    },
    "inner_discriminators": {"inner_image_judge", "inner_text_judge"},
    "inner_generators": {"inner_image_to_text", "inner_text_to_image"},
}


def _values(model):
    return {
        name: [variable.numpy() for variable in part(model).variables]
        for name, part in PARTS.items()
    }


def _changed(before, model):
    after = _values(model)
    return {
        name
        for name, values in before.items()
        if any(
            (one != other).any()
            for one, other in zip(values, after[name], strict=True)
        )
    }


def _assert_descended(before, after, gradients):
    for old, new, slope in zip(before, after, gradients, strict=True):
        np.testing.assert_allclose(new, old - RATE * slope, atol=1e-5)


@pytest.mark.parametrize("couple", (True, False))
@pytest.mark.parametrize("phase", MOVING)
def test_each_update_changes_its_own_variables_only(
    build, batch, phase, couple
):
    model = build(couple=couple)
    before = _values(model)

    model.phase_steps()[phase](batch)

    assert _changed(before, model) == MOVING[phase]


def test_an_iteration_is_the_four_updates_in_the_papers_order(build, batch):
    whole, apart = build(), build()

    found = whole.phase_steps()["algorithm_1"](batch)
    parts = {}
    for phase in MOVING:
        parts |= apart.phase_steps()[phase](batch)

    assert set(found) == set(parts)
    for name, value in parts.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5)
    after = _values(apart)
    for name, values in _values(whole).items():
        for one, other in zip(values, after[name], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)
    assert whole.phase == "algorithm_1"


def _judged(judge, real, fake):
    """-log D(real) - log(1 - D(fake)), as printed, over all outputs."""
    real, fake = tf.sigmoid(judge(real)), tf.sigmoid(judge(fake))
    return -tf.reduce_mean(tf.math.log(real)) - tf.reduce_mean(
        tf.math.log(1 - fake)
    )


@pytest.mark.parametrize("name", ("outer", "inner"))
def test_discriminators_climb_equations_16_and_18(build, batch, name):
    model = build()
    cycle = getattr(model, name)
    image = model.image_encoder(batch["image"])
    text = model.text_encoder(batch["text"])
    if name == "inner":
        image = model.outer.image_to_text.encoder(image)
        text = model.outer.text_to_image.encoder(text)
    networks_ = (cycle.image_discriminator, cycle.text_discriminator)
    weights = [v.value for net in networks_ for v in net.variables]
    before = [value.numpy() for value in weights]
    with tf.GradientTape() as tape:
        loss = _judged(networks_[0], image, cycle.text_to_image(text))
        loss += _judged(networks_[1], text, cycle.image_to_text(image))
    gradients = tape.gradient(loss, weights)

    found = model.phase_steps()[f"{name}_discriminators"](batch)

    np.testing.assert_allclose(
        found[f"{name}_discriminator_loss"], loss, rtol=1e-4
    )
    after = [v.numpy() for net in networks_ for v in net.variables]
    _assert_descended(before, after, gradients)


def _cycle_loss(generators, image, text, weights, training=True):
    """Eq. (6) or (12) and Eq. (7) or (13) as means, from the networks.

    Batch means count on the way there, if at all; never on the way back.
    """
    reconstruction, similarity = weights
    image_to_text, text_to_image = generators
    middle = (
        image_to_text.encoder(image, training=training),
        text_to_image.encoder(text, training=training),
    )
    to_text = image_to_text.decoder(middle[0])
    to_image = text_to_image.decoder(middle[1])
    back = text_to_image(to_text), image_to_text(to_image)
    lost = [
        tf.reduce_mean((tf.stop_gradient(real) - cycled) ** 2)
        for real, cycled in zip((image, text), back, strict=True)
    ]
    apart = tf.reduce_mean((middle[0] - middle[1]) ** 2)
    return reconstruction * sum(lost) + similarity * apart


def _forget_means(*generators):
    """Gives running means and variances their first values."""
    for generator in generators:
        for variable in generator.non_trainable_variables:
            first = 0.0 if "mean" in variable.name else 1.0
            variable.assign(tf.fill(variable.shape, first))


@pytest.mark.parametrize("standardize", (True, False))
@pytest.mark.parametrize("couple", (True, False))
def test_outer_generators_descend_equation_17(
    build, batch, couple, standardize
):
    outer = {**NOTHING, "reconstruction_weight": 2.0, "similarity_weight": 0.5}
    inner = {**NOTHING, "reconstruction_weight": 3.0, "similarity_weight": 0.25}
    model = build(outer, inner, couple, standardize=standardize)
    weights = [
        v.value
        for name in ("image_outer_generator", "text_outer_generator")
        for v in model.players[name]
    ]
    before = [value.numpy() for value in weights]
    generators = model.outer.image_to_text, model.outer.text_to_image
    with tf.GradientTape() as tape:
        image = model.image_encoder(batch["image"])
        text = model.text_encoder(batch["text"])
        loss = _cycle_loss(generators, image, text, (2.0, 0.5))
        if couple:
            # Eq. (15); the inner cycle stands still, and so do its means.
            loss += _cycle_loss(
                (model.inner.image_to_text, model.inner.text_to_image),
                generators[0].encoder(image, training=True),
                generators[1].encoder(text, training=True),
                (3.0, 0.25),
                training=False,
            )
    gradients = tape.gradient(loss, weights)
    assert tf.linalg.global_norm(gradients) > 1e-3
    _forget_means(*generators)

    model.phase_steps()["outer_generators"](batch)

    after = [
        v.numpy()
        for name in ("image_outer_generator", "text_outer_generator")
        for v in model.players[name]
    ]
    _assert_descended(before, after, gradients)


@pytest.mark.parametrize("standardize", (True, False))
def test_inner_generators_descend_equation_19(build, batch, standardize):
    inner = {**NOTHING, "reconstruction_weight": 3.0, "similarity_weight": 0.25}
    model = build({}, inner, standardize=standardize)
    generators = model.inner.image_to_text, model.inner.text_to_image
    weights = [v.value for net in generators for v in net.trainable_variables]
    before = [value.numpy() for value in weights]
    features = (
        model.image_encoder(batch["image"]),
        model.text_encoder(batch["text"]),
    )
    image = model.outer.image_to_text.encoder(features[0])
    text = model.outer.text_to_image.encoder(features[1])
    with tf.GradientTape() as tape:
        loss = _cycle_loss(generators, image, text, (3.0, 0.25))
    gradients = tape.gradient(loss, weights)
    _forget_means(*generators)

    found = model.phase_steps()["inner_generators"](batch)

    both = 3.0 * found["inner_reconstruction_loss"]
    both += 0.25 * found["inner_similarity_loss"]
    np.testing.assert_allclose(both, loss, rtol=1e-4)
    after = [v.numpy() for net in generators for v in net.trainable_variables]
    _assert_descended(before, after, gradients)


@pytest.mark.parametrize("name", ("outer", "inner"))
def test_generators_descend_what_their_judges_say(build, batch, name):
    only = {**NOTHING, "adversarial_weight": 1.0}
    settings = {"outer": NOTHING, "inner": NOTHING, name: only}
    model = build(**settings, couple=False, standardize=False)
    steps = model.phase_steps()
    found = [steps[f"{name}_generators"](batch) for _ in range(20)]

    # The judges stand still, so they are fooled better and better.
    losses = [float(one[f"{name}_adversarial_loss"]) for one in found]
    assert losses[-1] < losses[0] - 0.1


@pytest.mark.parametrize("name", ("outer", "inner"))
def test_discriminators_learn_to_tell_real_from_generated(build, batch, name):
    model = build()
    step = model.phase_steps()[f"{name}_discriminators"]

    found = [step(batch)[f"{name}_discriminator_loss"] for _ in range(30)]

    assert found[-1] < 0.7 * found[0]


@pytest.mark.parametrize("couple", (True, False))
def test_only_coupled_the_inner_cycle_moves_the_outer_networks(
    build, batch, couple
):
    model = build(outer=NOTHING, couple=couple, standardize=False)
    before = _values(model)

    model.phase_steps()["outer_generators"](batch)

    # Decoders of the outer cycle have no part in Z.
    assert _changed(before, model) == (
        MOVING["outer_generators"] if couple else set()
    )


def test_without_adversaries_discriminators_stay_as_they_were(build, batch):
    off = {"adversarial": False}
    model = build(off, off)
    before = _values(model)

    found = model.phase_steps()["algorithm_1"](batch)

    judges = MOVING["outer_discriminators"] | MOVING["inner_discriminators"]
    assert _changed(before, model) == set(PARTS) - judges
    assert set(found) == {
        f"{name}_{term}_loss"
        for name in ("outer", "inner")
        for term in ("reconstruction", "similarity")
    }
