r"""UCH with a part left out at a time, over seeds and code lengths.

    python -m experiments.ablation_uch --num_seeds=3 --lengths=16,32,64,128
    python -m experiments.ablation_uch --dataset=PATH.npz \
        --output_dir=runs/ablation --result=experiments/results/NAME.json

The same command with the same --output_dir goes on where it stopped.
"""

from common import run as common_run
from common import runner
from experiments import ablations
from experiments import train_uch
from uch import config as uch_config


def _main(config: uch_config.Config, run: common_run.Run) -> None:
    ablations.main(train_uch.METHOD, config, run)


if __name__ == "__main__":
    runner.start(_main, uch_config.PRESETS, ablations.define_flags)
