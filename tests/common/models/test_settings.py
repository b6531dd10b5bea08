import dataclasses
import math

import pytest

from common.models import settings


@dataclasses.dataclass(frozen=True)
class Config:
    bits: int = settings.setting(64, "Length.", minimum=1)
    rate: float = settings.setting(0.1, "Rate.", minimum=0)
    mode: str = settings.setting("fast", "Mode.", choices=("fast", "slow"))
    name: str = settings.setting("", "Anything.")

    def __post_init__(self):
        settings.check(self)


def test_a_setting_is_a_field_with_a_default():
    assert Config() == Config(64, 0.1, "fast", "")
    help_texts = [f.metadata["help"] for f in dataclasses.fields(Config)]
    assert help_texts == ["Length.", "Rate.", "Mode.", "Anything."]


def test_the_smallest_number_and_every_choice_are_allowed():
    config = Config(bits=1, rate=0.0, mode="slow")

    assert (config.bits, config.rate, config.mode) == (1, 0.0, "slow")


def test_a_number_below_its_minimum_is_named():
    with pytest.raises(ValueError) as error:
        Config(bits=0)

    assert str(error.value) == "bits must be at least 1; received 0."


def test_nan_is_below_every_minimum():
    with pytest.raises(
        ValueError, match="rate must be a finite number; received n"
    ):
        Config(rate=math.nan)


def test_a_word_that_is_no_choice_is_named_with_the_choices():
    with pytest.raises(ValueError) as error:
        Config(mode="medium")

    expected = "mode must be one of fast, slow; received 'medium'."
    assert str(error.value) == expected


def test_a_changed_copy_is_checked_too():
    with pytest.raises(ValueError, match="bits must be at least 1"):
        dataclasses.replace(Config(), bits=-3)
