"""The matrix products of UCH's Algorithm 1.

Its four updates share what their networks make of the batch while the weights
stay: F and Z before it is standardised of the first two updates, F and Z of the
last two, H before it is standardised of the last two.
"""

from experiments.benchmarks.training import cases
from experiments.benchmarks.training.counts import products
from uch import config as uch_config
from uch import training as uch_training


def of_step(
    config: uch_config.Config, sizes: cases.Sizes, kind: str = "algorithm_1"
) -> list[products.Product]:
    """The products of one iteration of Algorithm 1.

    Args:
        config: Settings for the number of training rows, with discriminators.
        sizes: Of the data.
        kind: The only kind there is.
    """
    widths = uch_training.architecture(config).fitted(
        sizes.image_dim, sizes.words
    )
    rows, outputs = config.batch_size, widths.discriminator_outputs
    text = (sizes.words, widths.text_feature_units)
    outer = _Cycle(
        rows,
        (sizes.image_dim, widths.text_feature_units),
        (widths.outer_hidden_units, widths.representation_units),
        (widths.outer_discriminator_units, outputs),
        config.outer_decorrelation_weight,
        config,
    )
    inner = _Cycle(
        rows,
        (widths.representation_units,) * 2,
        (widths.inner_hidden_units, config.bits),
        (widths.inner_discriminator_units, outputs),
        config.inner_decorrelation_weight,
        config,
    )
    encoders = products.first(rows, text)
    found = outer.discriminators() + encoders
    # The image's encoder has no weights, the text's has.
    image, words = outer.ways
    found += products.first(rows, image) + products.learning(rows, words)
    found += outer.generators()
    if config.couple:
        found += inner.standing_still()
    # The new weights' F and Z, for both updates of the inner cycle.
    found += products.forward(rows, text)
    for way in outer.ways:
        found += products.forward(rows, way)
    found += inner.discriminators()
    for way in inner.ways:
        found += products.first(rows, way)
    return found + inner.generators()


class _Cycle:
    """Products of one cycle, of which `ways` lead to the middle."""

    def __init__(self, rows, ends, middle, judges, decorrelation, config):
        self._rows = rows
        self._middle = middle[-1]
        self._decorrelation = decorrelation
        self._adversarial = config.adversarial_weight
        self._standardize = config.standardize
        self.ways = [(end, *middle) for end in ends]
        # Backwards through the middle: the image becomes text and the text
        # becomes an image.
        self._decoders = [(*middle[::-1], end) for end in ends[::-1]]
        self._judges = [(end, *judges) for end in ends]

    def discriminators(self) -> list[products.Product]:
        """Both discriminators' update, from the middle on."""
        found = []
        for decoder in self._decoders:
            found += products.forward(self._rows, decoder)
        for judge in self._judges:
            # Of what is real and of what is generated.
            found += 2 * products.first(self._rows, judge)
        return found

    def generators(self) -> list[products.Product]:
        """Both generators' update, from the middle on."""
        found = self._terms(products.learning)
        if not self._standardize:
            # The discriminators' update has made the same items.
            for decoder in self._decoders:
                for product in products.forward(self._rows, decoder):
                    found.remove(product)
        return found

    def standing_still(self) -> list[products.Product]:
        """What the coupled cycle hands to those before it, all of it."""
        found = self._terms(products.passing)
        for way in self.ways:
            found += products.passing(self._rows, way)
        return found

    def _terms(self, kind) -> list[products.Product]:
        found = []
        for decoder in self._decoders:
            # To the other modality, and from there back.
            found += 2 * kind(self._rows, decoder)
        for way in self.ways:
            found += kind(self._rows, way)
        if self._adversarial:
            for judge in self._judges:
                found += products.passing(self._rows, judge)
        if self._decorrelation:
            found += 2 * _correlation(self._rows, self._middle)
        return found


def _correlation(rows, units) -> list[products.Product]:
    """Of units with each other, and the gradient of either side."""
    return [
        products.Product(units, rows, units, "left"),
        products.Product(rows, units, units),
        products.Product(rows, units, units, "right"),
    ]
