import dataclasses
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from common.runs import run as common_run
from tests import beam_services
from ugach import config as ugach_config

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def config():
    """Settings that learn the toy data in five epochs of five steps."""
    return ugach_config.Config(
        bits=12,
        mode="ugach",
        hidden_units=16,
        feature_scaling="unit",
        code_metric="cosine",
        graph_size=3,
        batch_size=20,
        pool_size=30,
        optimizer="adam",
        pretrain_learning_rate=0.01,
        discriminator_learning_rate=0.01,
        generator_learning_rate=0.01,
        learning_rate_decay=0.5,
        decay_epochs=1,
        minimum_learning_rate=0.0,
        pretrain_epochs=1,
        epochs=2,
        alternation="epoch",
        generator_epochs=1,
    )


@pytest.fixture(scope="session")
def toy(data, tmp_path_factory):
    """A run on the clustered data; tests give it their own folder."""
    folder = tmp_path_factory.mktemp("toy")
    np.savez(
        folder / "toy.npz",
        image=data.image,
        text=data.text,
        labels=data.labels,
        ids=np.array([f"item{i}" for i in range(len(data))]),
        vocab=data.vocabulary,
        label_names=data.label_names,
    )
    return common_run.Run(
        dataset=str(folder / "toy.npz"),
        output_dir=str(folder / "run"),
        cache_dir=str(folder / "cache"),
        seed=3,
        jit_compile=False,
    )


@pytest.fixture(scope="session")
def finished(config, toy):
    """Folder of a whole UGACH run, made once and only read."""
    from experiments import train_ugach
    from experiments.methods import trainings

    trainings.train(train_ugach.METHOD, config, toy)
    return pathlib.Path(toy.output_dir)


@pytest.fixture
def flags():
    """Turns settings into the command line that gives just these."""

    def flags(*settings):
        return [
            f"--{name}={value}"
            for one in settings
            for name, value in dataclasses.asdict(one).items()
        ]

    return flags


@pytest.fixture
def start(tmp_path):
    """Starts `python -m experiments.NAME` in an empty folder."""

    def start(name, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", f"experiments.{name}", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def command(start):
    """Runs an experiment to its end: exit code, stdout and stderr."""

    def command(name, *arguments):
        process = start(name, *arguments)
        output, errors = process.communicate()
        return process.returncode, output, errors

    return command


@pytest.fixture(scope="session")
def portable():
    """Command line for a job service and a worker pool of Apache Beam."""
    with beam_services.portable() as arguments:
        yield arguments
