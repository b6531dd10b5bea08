"""Which steps are timed: methods, their settings, and the made-up data."""

import dataclasses
import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from common.data import arrays
from ssah import config as ssah_config
from uch import config as uch_config
from ugach import config as ugach_config

METHODS = ("ugach", "uch", "ssah")
SETTINGS = ("default", "paper")
# What the paper's preset of SSAH says of widths, and of how many rows.
_SSAH_WIDTHS = (
    "feature_units",
    "label_hidden_units",
    "image_hidden_units",
    "text_hidden_units",
    "discriminator_first_units",
    "discriminator_second_units",
    "multi_scale_levels",
    "resize_levels",
    "sum_levels",
    "batch_size",
)


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Sizes of the data; by default those of MIRFlickr-25K with VGG19.

    Attributes:
        rows: n, training pairs.
        image_dim: Image features.
        words: Columns of the bag of words.
        labels: c.
    """

    rows: int = 10_000
    image_dim: int = 4096
    words: int = 1386
    labels: int = 24


@dataclasses.dataclass(frozen=True)
class Case:
    """A model whose steps are timed.

    Attributes:
        method: One of `METHODS`.
        setting: One of `SETTINGS`.
        config: The method's settings.
        epochs: An epoch, counted from 0, of each kind of step.
    """

    method: str
    setting: str
    config: Any
    epochs: Mapping[str, int]


def cases(
    methods: Sequence[str], settings: Sequence[str], sizes: Sizes
) -> list[Case]:
    """The models of some methods with some settings.

    `default` are a method's own, for this number of training rows. `paper` are
    the paper's widths with the default losses and Adam: of UGACH 4,096 hidden
    units, pairs without a graph and a pool of 64; of SSAH the widths, windows
    and batch of its preset. UCH's preset has the widths of its defaults and is
    taken whole: other losses, uncoupled cycles, nothing standardised.

    Args:
        methods: Of `METHODS`.
        settings: Of `SETTINGS`.
        sizes: Of the data.

    Raises:
        ValueError: There is no such method or setting.
    """
    for name, known in (
        *((method, METHODS) for method in methods),
        *((setting, SETTINGS) for setting in settings),
    ):
        if name not in known:
            raise ValueError(f"{name!r} is none of {', '.join(known)}.")
    makers = {"ugach": _ugach, "uch": _uch, "ssah": _ssah}
    return [
        case
        for method in methods
        for setting in settings
        for case in makers[method](setting, sizes.rows)
    ]


def make_model(case: Case, cache_dir: str | os.PathLike) -> Any:
    """The case's model, compiled and not yet built.

    Args:
        case: The case.
        cache_dir: Where UGACH keeps its graph between two `fit`s.
    """
    if case.method == "ugach":
        import ugach

        model = ugach.UGACH(case.config, cache_dir=cache_dir)
    elif case.method == "uch":
        import uch

        model = uch.UCH(case.config)
    else:
        import ssah

        model = ssah.SSAH(case.config)
    model.compile()
    return model


def made_up_data(sizes: Sizes) -> arrays.CrossModalData:
    """Uniform features, texts of a few words, a few labels each."""
    random = np.random.default_rng(0)
    rows = sizes.rows
    share = 4 / sizes.words
    labels = random.random((rows, sizes.labels)) < 0.15
    labels[np.arange(rows), random.integers(sizes.labels, size=rows)] = True
    return arrays.CrossModalData(
        image=random.random((rows, sizes.image_dim), np.float32),
        text=(random.random((rows, sizes.words), np.float32) < share).astype(
            np.uint8
        ),
        labels=labels.astype(np.uint8),
    )


def _ugach(setting, rows) -> list[Case]:
    config = ugach_config.Config()
    if setting == "paper":
        config = dataclasses.replace(
            config,
            mode="baseline_gan",
            hidden_units=4096,
            batch_size=64,
            pool_size=64,
        )
    config = dataclasses.replace(
        config.for_rows(rows), pretrain_epochs=1, epochs=1, decay_epochs=1
    )
    in_turn = {"pretrain": 0, "discriminator": 1, "generator": 2}
    return [
        Case(
            "ugach",
            setting,
            dataclasses.replace(config, alternation=alternation),
            epochs,
        )
        for alternation, epochs in (
            ("epoch", in_turn),
            ("batch", {"adversarial": 1}),
        )
    ]


def _uch(setting, rows) -> list[Case]:
    config = uch_config.PRESETS[setting].for_rows(rows)
    return [Case("uch", setting, config, {"algorithm_1": 0})]


def _ssah(setting, rows) -> list[Case]:
    config = ssah_config.Config()
    if setting == "paper":
        paper = ssah_config.PRESETS["paper"]
        config = dataclasses.replace(
            config, **{name: getattr(paper, name) for name in _SSAH_WIDTHS}
        )
    config = dataclasses.replace(
        config.for_rows(rows), first_labnet_epochs=1, rounds=2
    )
    kinds = ("labnet", "imgnet", "txtnet", "discriminators")
    epochs = {kind: epoch for epoch, kind in enumerate(kinds)}
    return [Case("ssah", setting, config, epochs)]
