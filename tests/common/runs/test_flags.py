import dataclasses

import pytest
from absl import flags as absl_flags

from common.models import settings
from common.runs import flags


@dataclasses.dataclass(frozen=True)
class Config:
    bits: int = settings.setting(64, "Length.", minimum=1)
    rate: float = settings.setting(0.1, "Rate.")
    mode: str = settings.setting("fast", "Mode.", choices=("fast", "slow"))
    name: str = settings.setting("", "Anything.")
    keep: bool = settings.setting(False, "Keep.")
    place: str = settings.setting("", "A file.", path=True)

    def __post_init__(self):
        settings.check(self)


PRESETS = {
    "default": Config(),
    "paper": Config(bits=16, rate=0.01, mode="slow", keep=True),
}


def _parse(*arguments):
    values = absl_flags.FlagValues()
    flags.define_preset(PRESETS, values)
    flags.define(Config, values)
    rest = values(["program", *arguments])
    assert rest == ["program"]
    return values


def _resolve(*arguments):
    values = _parse(*arguments)
    return flags.resolve(PRESETS[values.preset], values)


def test_without_flags_the_preset_stands():
    assert _resolve() == Config()
    assert _resolve("--preset=paper") == PRESETS["paper"]


@pytest.mark.parametrize(
    ("argument", "field", "value"),
    [
        ("--bits=32", "bits", 32),
        ("--rate=1e-4", "rate", 1e-4),
        ("--rate=2", "rate", 2.0),
        ("--mode=fast", "mode", "fast"),
        ("--name=a b", "name", "a b"),
        ("--name=~/a", "name", "~/a"),
        ("--place=~/a", "place", "/home/zoe/a"),
        ("--place=a~b", "place", "a~b"),
        ("--nokeep", "keep", False),
        ("--keep=false", "keep", False),
    ],
)
def test_a_typed_flag_overrides_its_preset_and_nothing_else(
    argument, field, value, monkeypatch
):
    monkeypatch.setenv("HOME", "/home/zoe")

    config = _resolve("--preset=paper", argument)

    assert config == dataclasses.replace(PRESETS["paper"], **{field: value})
    assert type(getattr(config, field)) is type(value)


def test_a_flag_typed_with_its_own_default_overrides_the_preset():
    # 64 is the flag's default, 16 the preset's value.
    assert _resolve("--preset=paper", "--bits=64").bits == 64


def test_flags_may_stand_before_the_preset():
    config = _resolve("--bits=128", "--preset=paper")

    assert (config.bits, config.rate) == (128, 0.01)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--mode=medium", "fast|slow"),
        ("--preset=unknown", "default|paper"),
        ("--bits=many", "bits=many"),
        ("--bits=1.5", "bits=1.5"),
        ("--keep=maybe", "keep=maybe"),
        ("--colour=red", "colour"),
    ],
)
def test_what_a_flag_cannot_hold_is_refused(argument, message):
    with pytest.raises(absl_flags.Error) as error:
        _parse(argument)

    assert message in str(error.value)


def test_a_resolved_config_is_checked():
    with pytest.raises(ValueError, match="bits must be at least 1; received 0"):
        _resolve("--bits=0")


def test_help_lists_every_flag_with_its_text():
    values = _parse()

    shown = values.main_module_help()

    for name, text in (("bits", "Length."), ("keep", "Keep.")):
        assert f"{name}: {text}" in shown
    assert "<fast|slow>: Mode." in shown
    assert "--preset: <default|paper>" in shown


def test_defining_flags_leaves_the_global_ones_alone():
    _parse()

    assert "bits" not in absl_flags.FLAGS
    assert "preset" not in absl_flags.FLAGS
