import dataclasses

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from common.data import readers
from common.runs import encoding
from common.runs import exported
from common.runs import finished as finished_runs
from common.system import files
from experiments import train_ugach
from experiments.methods import ablations
from experiments.methods import trainings

# Of the fixture's five epochs, who trains: one to start with, then two rounds.
DISCRIMINATOR_EPOCHS = [0, 1, 3]
GENERATOR_EPOCHS = [2, 4]


def _scalars(directory):
    """Steps and values of every tag below a folder of TensorBoard events."""
    events = event_accumulator.EventAccumulator(str(directory))
    events.Reload()
    return {
        tag: (
            [event.step for event in events.Tensors(tag)],
            [
                tensor_util.make_ndarray(event.tensor_proto)
                for event in events.Tensors(tag)
            ],
        )
        for tag in events.Tags()["tensors"]
    }


def test_a_run_leaves_all_its_files(finished):
    found = {
        path.relative_to(finished).as_posix()
        for path in finished.rglob("*")
        if path.is_file() and "tfevents" not in path.name
    }

    assert found >= {
        "run.json",
        "split.npz",
        "codes.npz",
        "metrics.json",
        "checkpoints/checkpoint",
        "checkpoints/epoch-4.index",
        "checkpoints/epoch-5.index",
        "figures/precision_at.png",
        "figures/precision_recall.png",
        "saved_model/saved_model.pb",
        "saved_model/variables/variables.index",
    }
    assert not any(name.startswith(".") for name in found)
    assert not (finished / "checkpoints" / "epoch-3.index").exists()


def test_metrics_hold_both_directions_with_chance_beside(finished, config):
    metrics = files.read_json(finished / "metrics.json")

    assert metrics["bits"] == config.bits
    assert metrics["train_seconds"] > 0
    assert set(metrics["codes"]) == {"image", "text"}
    for direction in ("i2t", "t2i"):
        scores = metrics[direction]
        assert scores["queries"] == 20
        assert 0 < scores["chance"] < 0.5
        worst, best = (
            scores[f"map_all_{name}"] for name in ("pessimistic", "optimistic")
        )
        assert worst <= scores["map_all"] <= best
        assert 0 <= scores["map_at_50"] <= 1


def test_ugach_learns_the_clusters(finished):
    metrics = files.read_json(finished / "metrics.json")

    # Of three equal classes chance is a little over a third.
    for direction in ("i2t", "t2i"):
        assert metrics[direction]["chance"] < 0.4
        assert metrics[direction]["map_all"] > 0.7
    assert not any("chance" in warning for warning in metrics["warnings"])


def test_the_record_says_what_was_asked_for(finished, config, toy):
    record = files.read_json(finished / "run.json")

    assert record["method"] == "ugach"
    assert record["config"] == dataclasses.asdict(config)
    assert record["run"] == dataclasses.asdict(toy)


def test_tensorboard_holds_each_players_loss_and_rate(finished, config):
    logged = _scalars(finished / "logs" / "train")

    assert logged["epoch_discriminator_loss"][0] == DISCRIMINATOR_EPOCHS
    assert logged["epoch_generator_loss"][0] == GENERATOR_EPOCHS
    for player in ("discriminator", "generator"):
        steps, rates = logged[f"epoch_{player}_learning_rate"]
        assert steps == [0, 1, 2, 3, 4]
        # Halved after each of the player's two adversarial epochs.
        assert rates[0] == pytest.approx(0.01)
        assert rates[-1] == pytest.approx(0.0025)
        assert np.isfinite(logged[f"epoch_{player}_loss"][1]).all()
    # The rate of an optimizer that nothing uses would stand here.
    assert "epoch_learning_rate" not in logged


def test_tensorboard_holds_validation_scores_of_the_hashing_player(finished):
    logged = _scalars(finished / "logs" / "validation")

    # The generator's epochs leave the codes as they are.
    for tag in (
        "epoch_map_i2t",
        "epoch_map_t2i",
        "epoch_bit_balance_image",
        "epoch_bit_balance_text",
        "bit_balance_image",
    ):
        assert logged[tag][0] == DISCRIMINATOR_EPOCHS
    for tag in ("epoch_map_i2t", "epoch_map_t2i"):
        assert logged[tag][1][-1] > 0.7


def test_tensorboard_holds_the_test_scores(finished):
    logged = _scalars(finished / "logs" / "test")
    metrics = files.read_json(finished / "metrics.json")

    for direction in ("i2t", "t2i"):
        for name in ("map_all", "map_at_50", "chance"):
            (value,) = logged[f"{name}_{direction}"][1]
            assert value == pytest.approx(metrics[direction][name])


def test_the_saved_model_gives_the_stored_codes(finished, toy, config):
    data = readers.read(toy.dataset)
    split = finished_runs.open_run(finished).split
    stored = encoding.load(finished / "codes.npz")

    encoders = exported.load(finished / "saved_model", config.bits)

    np.testing.assert_array_equal(
        encoders.image(data.image_features(split.query)),
        stored.query_image.rows,
    )
    np.testing.assert_array_equal(
        encoders.text(data.text_features(split.retrieval)),
        stored.retrieval_text.rows,
    )


def test_a_folder_is_not_trained_into_twice(finished, config, toy):
    before = (finished / "metrics.json").stat().st_mtime_ns

    with pytest.raises(SystemExit) as end:
        trainings.train(train_ugach.METHOD, config, toy)

    assert "already holds a run; pass --resume" in str(end.value)
    assert (finished / "metrics.json").stat().st_mtime_ns == before


def test_compiled_steps_learn_too(config, toy, tmp_path):
    compiled = dataclasses.replace(
        toy, output_dir=str(tmp_path / "compiled"), jit_compile=True
    )

    # Compiling takes longer than the one epoch of one player.
    metrics = trainings.train(
        train_ugach.METHOD,
        dataclasses.replace(
            config, mode="baseline", pretrain_epochs=0, epochs=1
        ),
        compiled,
    )

    for direction in ("i2t", "t2i"):
        assert (
            metrics[direction]["map_all"] > metrics[direction]["chance"] + 0.1
        )


def test_an_ablation_trains_four_models_and_keeps_a_finished_one(
    config, toy, tmp_path
):
    folder = tmp_path / "all"
    first = dataclasses.replace(
        toy, output_dir=str(folder / "ugach_12_0"), seed=0
    )
    trainings.train(train_ugach.METHOD, config, first)
    before = (folder / "ugach_12_0" / "metrics.json").stat().st_mtime_ns

    result = ablations.run_all(
        train_ugach.METHOD,
        config,
        dataclasses.replace(toy, output_dir=str(folder)),
        1,
        [config.bits],
    )

    modes = {
        "baseline": "baseline",
        "baseline-0.75k": "baseline",
        "baseline-gan": "baseline_gan",
        "ugach": "ugach",
    }
    assert [run["variant"].lower() for run in result["runs"]] == list(modes)
    found = {(folder / f"{m}_12_0" / "codes.npz").read_bytes() for m in modes}
    assert len(found) == 4
    again = (folder / "ugach_12_0" / "metrics.json").stat().st_mtime_ns
    assert again == before
    for name, mode in modes.items():
        record = files.read_json(folder / f"{name}_12_0" / "run.json")
        assert record["config"]["mode"] == mode
    trained = _scalars(folder / "baseline_12_0" / "logs" / "train")
    assert trained["epoch_discriminator_loss"][0] == [0, 1, 2]
    assert "epoch_generator_loss" not in trained
    adversarial = _scalars(folder / "baseline-gan_12_0" / "logs" / "train")
    assert adversarial["epoch_generator_loss"][0] == GENERATOR_EPOCHS
