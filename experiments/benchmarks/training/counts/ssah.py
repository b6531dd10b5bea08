"""The matrix products of SSAH's steps."""

from experiments.benchmarks.training import cases
from experiments.benchmarks.training.counts import products
from ssah import config as ssah_config
from ssah import multiscale


def of_step(
    config: ssah_config.Config, sizes: cases.Sizes, kind: str
) -> list[products.Product]:
    """The products of one step.

    Args:
        config: Settings for the number of training rows, with a LabNet, a
            multi-scale TxtNet and discriminators.
        sizes: Of the data.
        kind: `labnet`, `imgnet`, `txtnet` or `discriminators`.
    """
    rows = config.batch_size
    bodies = _bodies(config, sizes)
    judge = (
        config.feature_units,
        config.discriminator_first_units,
        config.discriminator_second_units,
        1,
    )
    if kind == "discriminators":
        found = 4 * products.first(rows, judge)
        for widths in bodies.values():
            found += products.forward(rows, widths)
        return found
    # The learned scales of TxtNet's windows lie before its first layer.
    body = products.learning if kind == "txtnet" else products.first
    found = body(rows, bodies[kind])
    for head in (config.bits, sizes.labels):
        found += products.learning(rows, (config.feature_units, head))
    if kind == "labnet":
        return found + _pairs(config, sizes, rows, 2)
    return (
        found
        + _pairs(config, sizes, sizes.rows, 1)
        + products.passing(rows, judge)
    )


def _pairs(config, sizes, others, gradients) -> list[products.Product]:
    """Labels, features and codes of the batch by those it is compared with."""
    found = products.similarities(config.batch_size, others, sizes.labels, 0)
    for width in (config.feature_units, config.bits):
        found += products.similarities(
            config.batch_size, others, width, gradients
        )
    return found


def _bodies(config, sizes) -> dict[str, tuple[int, ...]]:
    """Widths from the input of each network to its features."""
    hidden = (config.image_hidden_units,) if config.image_hidden_units else ()
    features = config.feature_units
    return {
        "labnet": (sizes.labels, config.label_hidden_units, features),
        "imgnet": (sizes.image_dim, *hidden, features),
        "txtnet": (
            _window_columns(config, sizes.words),
            config.text_hidden_units,
            features,
        ),
    }


def _window_columns(config, words) -> int:
    """Columns of the multi-scale block, see `ssah.multiscale.MultiScale`."""
    windows = multiscale.WINDOWS[config.multi_scale_levels]
    windows = [window for window in windows if window <= words]
    wide = [words if config.resize_levels else words // w for w in windows]
    return sum(wide) + (0 if 1 in windows else words)
