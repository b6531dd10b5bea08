r"""SSAH's own ablation over seeds: SSAH-1, SSAH-2, SSAH-3, SSAH.

    python -m experiments.ablation_ssah --num_seeds=3 --lengths=16,32,64
    python -m experiments.ablation_ssah --dataset=PATH.npz \
        --output_dir=runs/ablation --result=experiments/results/NAME.json

The same command with the same --output_dir goes on where it stopped.
"""

from common import run as common_run
from common import runner
from experiments import ablations
from experiments import train_ssah
from ssah import config as ssah_config


def _main(config: ssah_config.Config, run: common_run.Run) -> None:
    ablations.main(train_ssah.METHOD, config, run)


if __name__ == "__main__":
    runner.start(_main, ssah_config.PRESETS, ablations.define_flags)
