import numpy as np
import pytest
import tensorflow as tf

from common.system import files
from common.system import stopwatch
from common.training import checkpoints


def _trained(linear, batches, epochs=1, seed=0, bits=12):
    model = linear(bits=bits, seed=seed)
    model.compile()
    _train(model, batches, epochs)
    return model


def _train(model, batches, epochs, callbacks=()):
    for phase in ("image", "text"):
        model.set_phase(phase)
        model.fit(
            batches,
            epochs=epochs,
            callbacks=list(callbacks),
            verbose=0,
            shuffle=False,
        )


def _state(model):
    """Weights, optimizer slots and step counts as arrays."""
    variables = [
        model.image_kernel,
        model.text_kernel,
        *model.image_optimizer.variables,
        *model.text_optimizer.variables,
    ]
    return [variable.numpy().copy() for variable in variables]


def _saved_epochs(directory):
    return sorted(file.name for file in directory.glob("*.index"))


def test_an_empty_folder_is_no_finished_epoch(linear, batches, tmp_path):
    model = _trained(linear, batches)
    before = _state(model)

    finished = checkpoints.Checkpoints(model, tmp_path / "none").restore()

    assert finished == 0
    for value, same in zip(_state(model), before, strict=True):
        np.testing.assert_array_equal(value, same)


def test_weights_slots_and_steps_come_back_exactly(linear, batches, tmp_path):
    model = _trained(linear, batches, epochs=2)
    checkpoints.Checkpoints(model, tmp_path).save(2)
    other = linear(seed=9)
    other.compile()

    finished = checkpoints.Checkpoints(other, tmp_path).restore()

    assert finished == 2
    # Three batches an epoch, two epochs of either phase.
    assert int(other.image_optimizer.iterations) == 6
    assert int(other.text_optimizer.iterations) == 6
    for value, expected in zip(_state(other), _state(model), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_training_goes_on_as_if_it_had_not_stopped(linear, batches, tmp_path):
    model = _trained(linear, batches)
    checkpoints.Checkpoints(model, tmp_path).save(1)
    _train(model, batches, epochs=1)
    other = linear(seed=9)
    other.compile()
    checkpoints.Checkpoints(other, tmp_path).restore()

    _train(other, batches, epochs=1)

    for value, expected in zip(_state(other), _state(model), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_the_two_newest_are_kept(linear, batches, tmp_path):
    saved = checkpoints.Checkpoints(_trained(linear, batches), tmp_path)

    for epoch in range(1, 5):
        saved.save(epoch)

    assert _saved_epochs(tmp_path) == ["epoch-3.index", "epoch-4.index"]


def test_a_restored_run_still_removes_what_it_found(linear, batches, tmp_path):
    model = _trained(linear, batches)
    before = checkpoints.Checkpoints(model, tmp_path)
    before.save(1)
    before.save(2)
    resumed = checkpoints.Checkpoints(model, tmp_path)
    resumed.restore()

    resumed.save(3)

    assert _saved_epochs(tmp_path) == ["epoch-2.index", "epoch-3.index"]


def test_a_restored_run_goes_on_counting_its_seconds(linear, batches, tmp_path):
    model = _trained(linear, batches)
    checkpoints.Checkpoints(model, tmp_path, stopwatch.Stopwatch()).save(1)
    # The training took longer than this test may.
    files.write_json(
        tmp_path / "seconds.json",
        {"train_seconds": 500.0, "cpu_seconds": 900.0},
    )
    watch = stopwatch.Stopwatch()
    resumed = checkpoints.Checkpoints(model, tmp_path, watch)

    resumed.restore()
    resumed.save(2)

    assert watch.costs()["train_seconds"] >= 500
    assert files.read_json(tmp_path / "seconds.json")["cpu_seconds"] >= 900


def test_a_checkpoint_without_seconds_restores(linear, batches, tmp_path):
    model = _trained(linear, batches)
    checkpoints.Checkpoints(model, tmp_path).save(1)
    watch = stopwatch.Stopwatch()

    assert checkpoints.Checkpoints(model, tmp_path, watch).restore() == 1

    assert not (tmp_path / "seconds.json").exists()
    assert watch.costs()["train_seconds"] < 60


def test_a_half_written_checkpoint_is_not_the_newest(linear, batches, tmp_path):
    model = _trained(linear, batches)
    checkpoints.Checkpoints(model, tmp_path).save(1)
    # What a kill leaves: data, but no entry in the file `checkpoint`.
    (tmp_path / "epoch-2.data-00000-of-00001").write_bytes(b"half")

    assert checkpoints.Checkpoints(model, tmp_path).restore() == 1


def test_every_epoch_is_saved_under_its_number(linear, batches, tmp_path):
    model = linear()
    model.compile()
    saved = checkpoints.Checkpoints(model, tmp_path)

    model.fit(
        batches,
        epochs=7,
        initial_epoch=4,
        callbacks=[checkpoints.SaveEpochs(saved)],
        verbose=0,
        shuffle=False,
    )

    assert _saved_epochs(tmp_path) == ["epoch-6.index", "epoch-7.index"]
    assert checkpoints.Checkpoints(model, tmp_path).restore() == 7


def _refused(model, directory):
    with pytest.raises(ValueError) as error:
        checkpoints.Checkpoints(model, directory).restore()
    return str(error.value)


def test_another_code_length_is_refused_in_one_sentence(
    linear, batches, tmp_path
):
    checkpoints.Checkpoints(_trained(linear, batches), tmp_path).save(1)

    message = _refused(_trained(linear, batches, bits=8), tmp_path)

    assert message == (
        f"The checkpoint {tmp_path}/epoch-1 does not fit this model; it was "
        "made with other settings."
    )


def test_a_part_too_many_or_too_few_is_refused(linear, batches, tmp_path):
    plain = _trained(linear, batches)
    wider = _trained(linear, batches)
    wider.bias = tf.Variable(tf.zeros([12]))
    checkpoints.Checkpoints(plain, tmp_path / "plain").save(1)
    checkpoints.Checkpoints(wider, tmp_path / "wider").save(1)

    assert "does not fit this model" in _refused(wider, tmp_path / "plain")
    assert "does not fit this model" in _refused(plain, tmp_path / "wider")


@pytest.mark.parametrize("file", ["index", "data-00000-of-00001"])
def test_a_damaged_checkpoint_is_refused_in_one_sentence(
    linear, batches, tmp_path, file
):
    model = _trained(linear, batches)
    checkpoints.Checkpoints(model, tmp_path).save(1)
    (tmp_path / f"epoch-1.{file}").write_bytes(b"damaged")

    message = _refused(model, tmp_path)

    assert message == (
        f"The checkpoint {tmp_path}/epoch-1 cannot be read, it is damaged; "
        "train again with another --output_dir."
    )
