import pytest

from ugach import config as ugach_config


@pytest.fixture(scope="session")
def tiny():
    """Settings of a run of seconds, none left to the defaults' numbers.

    Sampled everywhere, so that a resumed run has draws to get wrong.
    """
    return ugach_config.Config(
        bits=8,
        mode="ugach",
        hidden_units=12,
        feature_scaling="unit",
        code_metric="euclidean",
        margin=4.0,
        margin_per_bit=0.0,
        uniform_margin_per_bit=0.0,
        graph_size=3,
        graph_metric="cosine",
        pair_share=0.5,
        batch_size=32,
        pool_size=20,
        temperature=2.0,
        temperature_per_bit=0.0,
        generator_gradient="sampled",
        negatives="sampled",
        known_candidates="excluded",
        generator_start="discriminator",
        optimizer="adam",
        pretrain_learning_rate=0.01,
        discriminator_learning_rate=0.01,
        generator_learning_rate=0.01,
        pretrain_epochs=1,
        epochs=2,
        decay_epochs=3,
        alternation="epoch",
        generator_epochs=1,
    )
