r"""UGACH's own ablation over several seeds: Baseline, Baseline-GAN, UGACH.

    python -m experiments.methods.ablation_ugach --num_seeds=3
    python -m experiments.methods.ablation_ugach --dataset=PATH.npz \
        --num_seeds=3 --output_dir=runs/ablation \
        --result=experiments/results/NAME.json

Every run has its own folder below the output folder. A run that finished is
not repeated and one that was cut off is continued, so the same command with
the same --output_dir goes on where it stopped.
"""

from experiments import train_ugach
from experiments.methods import ablations
from ugach import config as ugach_config

if __name__ == "__main__":
    ablations.start(train_ugach.METHOD, ugach_config.PRESETS)
