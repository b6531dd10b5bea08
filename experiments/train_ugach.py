r"""Trains UGACH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ugach
python -m experiments.train_ugach --dataset=PATH.npz --bits=32
python -m experiments.train_ugach --ablation --num_seeds=3 --lengths=16,32
"""

from common.data import arrays
from experiments.methods import commands
from experiments.methods import trainings
from ugach import config as ugach_config
from ugach import given_graph


def _model(config, prepared):
    from ugach import model

    prepared.cache_dir.mkdir(parents=True, exist_ok=True)
    return model.UGACH(config, prepared.run.seed, prepared.cache_dir)


def _check(config, data, split):
    arrays.require_features(data)
    config.check_training_rows(len(split.train))
    if config.graph and config.mode == "ugach":
        # A wrong graph must not wait for TensorFlow.
        given_graph.read(
            config.graph,
            data,
            split.train,
            config.for_rows(len(split.train)).graph_size,
            config.graph_metric,
        )


# The paper's own ablation; and Baseline with the margin of the other two, from
# which Baseline-GAN differs by the adversary alone.
METHOD = trainings.Method(
    "ugach",
    {
        "Baseline": {"mode": "baseline"},
        "Baseline-0.75K": {
            "mode": "baseline",
            "uniform_margin_per_bit": 0.75,
        },
        "Baseline-GAN": {"mode": "baseline_gan"},
        "UGACH": {"mode": "ugach"},
    },
    _model,
    _check,
)

if __name__ == "__main__":
    commands.start(METHOD, ugach_config.PRESETS)
