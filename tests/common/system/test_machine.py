import os
import platform

import pytest

from common.system import machine

CPU_INFO = """processor\t: 0
vendor_id\t: AuthenticAMD
model name\t: AMD EPYC 7B13

processor\t: 1
model name\t: another
"""


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch):
    """A machine of which nothing is known, with commands in `tmp_path`."""
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine, "_GPU_FOLDER", tmp_path / "gpus")
    monkeypatch.setattr(machine, "_GPU_DEVICE", tmp_path / "nvidia0")
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")


def _command(path, text, status=0):
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {status}\n")
    path.chmod(0o755)


def test_a_processor_is_named_as_linux_names_it(tmp_path):
    (tmp_path / "cpuinfo").write_text(CPU_INFO)

    assert machine.processor() == "AMD EPYC 7B13"


def test_a_processor_is_named_as_macos_names_it(tmp_path):
    _command(tmp_path / "sysctl", "Apple M2")

    assert machine.processor() == "Apple M2"


@pytest.mark.parametrize("text", ["", "processor\t: 0\n", "model name\t: \n"])
def test_a_processor_without_a_name_is_told_by_its_kind(tmp_path, text):
    (tmp_path / "cpuinfo").write_text(text)

    assert machine.processor() == "aarch64"


def test_where_nothing_is_known_there_is_no_gpu():
    assert machine.processor() == "aarch64"
    assert machine.nvidia_gpus() == []


def test_gpus_are_named_as_the_driver_names_them(tmp_path):
    for number, text in enumerate(("Model: \t\t NVIDIA H200\nIRQ: 7\n", "")):
        folder = tmp_path / "gpus" / f"0000:0{number}:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text(text)

    assert machine.nvidia_gpus() == ["NVIDIA H200", "NVIDIA GPU"]


def test_gpus_are_named_as_the_driver_s_command_names_them(tmp_path):
    _command(tmp_path / "nvidia-smi", "NVIDIA A100\nNVIDIA T4")

    assert machine.nvidia_gpus() == ["NVIDIA A100", "NVIDIA T4"]


def test_a_gpu_without_a_driver_that_answers_has_no_name(tmp_path):
    _command(tmp_path / "nvidia-smi", "NVIDIA-SMI has failed", 9)
    assert machine.nvidia_gpus() == []

    (tmp_path / "nvidia0").touch()

    assert machine.nvidia_gpus() == ["NVIDIA GPU"]
