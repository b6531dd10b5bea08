r"""Trains SSAH and leaves a model, codes, metrics and pictures.

python -m experiments.train_ssah
python -m experiments.train_ssah --dataset=PATH.npz --bits=32
python -m experiments.train_ssah --ablation --num_seeds=3 --lengths=16,32
"""

from common.backbones import choice
from experiments.methods import commands
from experiments.methods import trainings
from ssah import config as ssah_config


def _model(config, prepared):
    from ssah import model

    return model.SSAH(config, prepared.run.seed)


def _check(config, data, split):
    choice.check(config.backbone, config.backbone_weights, data.image_shape)


METHOD = trainings.Method(
    "ssah",
    {
        # What Section 4.3 of the paper leaves out, by the name of the rest.
        "SSAH-1": {"labnet": False, "alternation": "network"},
        "SSAH-2": {"text_network": "mlp3"},
        "SSAH-3": {"adversarial": False},
        "SSAH": {},
    },
    _model,
    _check,
    supervised=True,
)

if __name__ == "__main__":
    commands.start(METHOD, ssah_config.PRESETS)
