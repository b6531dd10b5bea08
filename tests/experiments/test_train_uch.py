import dataclasses

import numpy as np
import pytest

from common.system import files
from experiments import train_uch
from experiments.methods import trainings
from uch import config as uch_config


@pytest.fixture(scope="module")
def config():
    """Settings that learn the toy data in a few epochs."""
    return uch_config.Config(
        bits=12,
        image_learning_rate=0.01,
        text_learning_rate=0.01,
        batch_size=20,
        epochs=6,
    )


def test_a_run_beats_chance_and_logs_what_a_collapse_would_show(
    config, toy, tmp_path
):
    folder = tmp_path / "run"

    metrics = trainings.train(
        train_uch.METHOD,
        config,
        dataclasses.replace(toy, output_dir=str(folder)),
    )

    for direction in ("i2t", "t2i"):
        found = metrics[direction]
        assert found["map_all"] > found["chance"] + 0.2
    assert files.read_json(folder / "run.json")["method"] == "uch"
    stored = np.load(folder / "codes.npz", allow_pickle=False)
    assert stored["retrieval_image"].dtype == np.uint8


def test_a_collapse_stops_a_run_with_one_sentence(config, toy, tmp_path):
    # No spread can be above 1, so every run counts as collapsed.
    strict = dataclasses.replace(
        config, minimum_spread=1.0, collapse_grace_epochs=0
    )
    run = dataclasses.replace(toy, output_dir=str(tmp_path / "run"))

    with pytest.raises(Exception, match="collapse") as caught:
        trainings.train(train_uch.METHOD, strict, run)

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "metrics.json").exists()
