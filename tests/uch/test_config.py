import pytest

from uch import config as uch_config


def test_the_paper_preset_states_what_the_text_does():
    # Section "Implementation Details"; Eqs. (17) and (19) as printed.
    paper = uch_config.PRESETS["paper"]

    assert paper.image_learning_rate == 1e-4
    assert paper.text_learning_rate == 1e-2
    assert paper.weight_decay == 0.1
    assert paper.batch_size == 128
    assert paper.adversarial_weight == 0
    assert paper.outer_adversarial and paper.inner_adversarial
    assert paper.outer_cycle and paper.inner_cycle
    assert not (paper.couple or paper.standardize or paper.fixed_targets)
    assert paper.normalization == "sum"
    for cycle in ("outer", "inner"):
        assert getattr(paper, f"{cycle}_reconstruction_weight") == 1
        assert getattr(paper, f"{cycle}_similarity_weight") == 1
        assert getattr(paper, f"{cycle}_translation_weight") == 0
        assert getattr(paper, f"{cycle}_decorrelation_weight") == 0
    assert paper.quantization_weight == 0


@pytest.mark.parametrize("preset", uch_config.PRESETS)
def test_every_preset_has_the_papers_widths(preset):
    config = uch_config.PRESETS[preset]

    assert config.text_feature_units == 300
    assert config.outer_hidden_units == 512
    assert config.representation_units == 256
    assert config.inner_hidden_units == 128
    assert config.outer_discriminator_units == 256
    assert config.inner_discriminator_units == 128
    assert config.discriminator_outputs == 32


def test_the_default_resists_each_collapse():
    default = uch_config.PRESETS["default"]

    assert default.fixed_targets
    assert default.standardize
    assert default.maximum_one_sided_bits < 1
    assert default.minimum_spread > 0
    assert default.minimum_feature_scale > 0


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"bits": 0}, "bits must be at least 1; received 0"),
        ({"gan_loss": "wasserstein"}, "gan_loss must be one of .*received 'w"),
        ({"decay_at": 1.5}, "decay_at must be at most 1; received 1.5"),
        ({"weight_decay": -0.1}, "weight_decay must be at least 0"),
        ({"minimum_spread": float("nan")}, "minimum_spread must be .* nan"),
        ({"normalization": "max"}, "normalization must be one of mean, sum"),
    ),
)
def test_a_setting_out_of_range_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        uch_config.Config(**changed)
