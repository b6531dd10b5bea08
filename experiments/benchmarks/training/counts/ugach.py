"""The matrix products of UGACH's steps."""

from experiments.benchmarks.training import cases
from experiments.benchmarks.training.counts import products
from ugach import config as ugach_config


def of_step(
    config: ugach_config.Config, sizes: cases.Sizes, kind: str
) -> list[products.Product]:
    """The products of one step.

    Args:
        config: Settings for the number of training rows.
        sizes: Of the data.
        kind: `pretrain`, `discriminator`, `generator` or `adversarial`.
    """
    judged = _player(config, sizes, positives=config.mode == "ugach")
    generated = _player(config, sizes, positives=False)
    if kind in ("pretrain",):
        return judged
    if kind == "adversarial":
        return judged + generated
    # The opponent's codes are looked up; their distances are not.
    queries, pool = _rows(config)
    looked_up = 2 * products.similarities(queries, pool, config.bits, 0)
    return looked_up + (judged if kind == "discriminator" else generated)


def _player(config, sizes, positives) -> list[products.Product]:
    queries, pool = _rows(config)
    rows = queries * (1 + positives) + config.pool_size
    found = 2 * products.similarities(queries, pool, config.bits, 2)
    for width in (sizes.image_dim, sizes.words):
        found += products.first(rows, (width, config.hidden_units, config.bits))
    return found


def _rows(config) -> tuple[int, int]:
    return config.batch_size, config.pool_size or config.batch_size
