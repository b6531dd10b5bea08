import pytest

from ssah import config as ssah_config


@pytest.fixture(scope="session")
def tiny():
    """Settings of a run of seconds, none left to the defaults' numbers."""
    return ssah_config.Config(
        bits=8,
        labnet=True,
        text_network="multiscale",
        adversarial=True,
        pair_loss="nll",
        similarity_smoothing=0.999,
        normalization="mean",
        feature_pair_weight=1.0,
        hash_pair_weight=1.0,
        quantization_weight=0.1,
        classification_weight=0.1,
        adversarial_weight=0.1,
        quantization_target="joint",
        multi_scale_levels="paper",
        feature_units=10,
        label_hidden_units=12,
        image_hidden_units=0,
        text_hidden_units=14,
        discriminator_first_units=9,
        discriminator_second_units=6,
        optimizer="adam",
        labnet_learning_rate=0.01,
        imgnet_learning_rate=0.01,
        txtnet_learning_rate=0.01,
        discriminator_learning_rate=0.01,
        learning_rate_decay=0.5,
        batch_size=32,
        rounds=2,
        first_labnet_epochs=2,
        labnet_epochs=1,
        imgnet_epochs=1,
        txtnet_epochs=1,
        discriminator_epochs=1,
    )
