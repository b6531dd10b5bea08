r"""SSAH's own ablation over seeds: SSAH-1, SSAH-2, SSAH-3, SSAH.

    python -m experiments.methods.ablation_ssah --num_seeds=3 --lengths=16,32,64
    python -m experiments.methods.ablation_ssah --dataset=PATH.npz \
        --output_dir=runs/ablation --result=experiments/results/NAME.json

The same command with the same --output_dir goes on where it stopped.
"""

from experiments import train_ssah
from experiments.methods import ablations
from ssah import config as ssah_config

if __name__ == "__main__":
    ablations.start(train_ssah.METHOD, ssah_config.PRESETS)
