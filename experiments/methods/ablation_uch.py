r"""UCH with a part left out at a time, over seeds and code lengths.

    python -m experiments.methods.ablation_uch --num_seeds=3 \
        --lengths=16,32,64,128
    python -m experiments.methods.ablation_uch --dataset=PATH.npz \
        --output_dir=runs/ablation --result=experiments/results/NAME.json

The same command with the same --output_dir goes on where it stopped.
"""

from experiments import train_uch
from experiments.methods import ablations
from uch import config as uch_config

if __name__ == "__main__":
    ablations.start(train_uch.METHOD, uch_config.PRESETS)
