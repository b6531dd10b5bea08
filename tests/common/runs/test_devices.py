import sys
import types

import pytest

from common.runs import devices
from common.system import machine


def _tensorflow(gpus=(), cuda=True, replicas=1):
    """As much of TensorFlow as is asked, with GPUs of these names."""
    config = types.SimpleNamespace(
        get_visible_devices=lambda kind: list(gpus) * (kind == "GPU"),
        list_physical_devices=lambda kind: list(gpus) * (kind == "GPU"),
        experimental=types.SimpleNamespace(
            get_device_details=lambda name: (
                {"device_name": name} if name else {}
            )
        ),
    )
    return types.SimpleNamespace(
        config=config,
        test=types.SimpleNamespace(is_built_with_cuda=lambda: cuda),
        distribute=types.SimpleNamespace(
            get_strategy=lambda: types.SimpleNamespace(
                num_replicas_in_sync=replicas
            )
        ),
    )


@pytest.fixture
def load(monkeypatch):
    def load(**what):
        monkeypatch.setitem(sys.modules, "tensorflow", _tensorflow(**what))

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "nvidia_gpus", lambda: ["NVIDIA H200"])
    return load


def test_without_tensorflow_the_processor_computes(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)

    assert devices.names() == ["CPU"]
    assert devices.why_no_gpu() == ""


def test_one_replica_computes_on_the_first_gpu(load):
    load(gpus=["NVIDIA H200", "NVIDIA T4"])

    assert devices.names() == ["NVIDIA H200"]


def test_replicas_compute_on_a_gpu_each(load):
    load(gpus=["NVIDIA H200", "NVIDIA T4"], replicas=2)

    assert devices.names() == ["NVIDIA H200", "NVIDIA T4"]


def test_a_gpu_without_a_name_is_a_gpu(load):
    load(gpus=[""])

    assert devices.names() == ["GPU"]


def test_replicas_without_a_gpu_compute_on_the_processor(load):
    load(replicas=2)

    assert devices.names() == ["CPU"]


@pytest.mark.parametrize(
    ("shared", "where"),
    [(False, "NVIDIA H200"), (True, "NVIDIA H200, NVIDIA T4")],
)
def test_the_first_line_of_a_run_names_the_gpu(load, capsys, shared, where):
    load(gpus=["NVIDIA H200", "NVIDIA T4"])

    devices.announce("UGACH, 64 bits", "runs/one", shared)

    assert capsys.readouterr().out == (
        f"UGACH, 64 bits on {where}: writing to runs/one\n"
    )


def test_the_second_line_says_why_a_gpu_is_not_used(load, capsys):
    load(cuda=False)

    devices.announce("UGACH, 64 bits", "runs/one", False)

    assert capsys.readouterr().out == (
        "UGACH, 64 bits: writing to runs/one\n"
        "This machine's NVIDIA H200 is not used: this TensorFlow is built "
        "without CUDA; install another with pip install "
        "'tensorflow[and-cuda]'.\n"
    )


def test_without_a_gpu_there_is_nothing_to_say(load, capsys, monkeypatch):
    load(cuda=False)
    monkeypatch.setattr(machine, "nvidia_gpus", lambda: [])

    devices.announce("UGACH", "runs/one", False)

    assert capsys.readouterr().out == "UGACH: writing to runs/one\n"


@pytest.mark.parametrize("value", ["", "-1"])
def test_a_variable_that_hides_gpus_is_named(load, monkeypatch, value):
    load()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)

    assert devices.why_no_gpu() == (
        "This machine's NVIDIA H200 is not used: CUDA_VISIBLE_DEVICES="
        f"{value!r} hides it."
    )


def test_a_driver_that_cannot_be_loaded_is_named(load, monkeypatch):
    load()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(devices, "_DRIVER", "libnothing.so.0")

    assert "library libnothing.so.0 cannot be loaded" in devices.why_no_gpu()


def test_libraries_that_are_missing_are_what_is_left(load, monkeypatch):
    load()
    monkeypatch.setattr(devices, "_DRIVER", None)  # This program itself.

    assert devices.why_no_gpu().endswith(
        "TensorFlow cannot load its CUDA libraries; install them with pip "
        "install 'tensorflow[and-cuda]'."
    )
