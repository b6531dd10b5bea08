import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
METHODS = ("ugach", "uch", "ssah")


def run(program, *places):
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(map(str, (*places, ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.split()


@pytest.fixture
def place(tmp_path):
    """A package with a model, and Keras, which only prints its name."""
    package = tmp_path / "hashing"
    package.mkdir()
    for path, text in {
        tmp_path / "keras.py": "print('keras')",
        package / "__init__.py": (
            "from common.system import lazy\n"
            "__getattr__ = lazy.keras_names(__name__, Model='model')"
        ),
        package / "networks.py": "import keras\nUNITS = 1\nprint('networks')",
        package / "layers.py": "from hashing import networks",
        package / "light.py": "",
        package / "model.py": (
            "from hashing import networks\n"
            "class Model:\n    units = networks.UNITS\n"
            "print('model')"
        ),
    }.items():
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "program, printed",
    [
        ("import hashing", []),
        ("import hashing.light", []),
        ("import hashing, keras", ["keras", "networks", "model"]),
        ("import keras, hashing", ["keras", "networks", "model"]),
        ("import hashing.networks", ["keras", "networks", "model"]),
        ("import hashing.layers", ["keras", "networks", "model"]),
        ("import hashing; hashing.Model", ["keras", "networks", "model"]),
    ],
)
def test_a_model_is_there_once_keras_is(place, program, printed):
    assert run(program, place) == printed


def test_nothing_stays_in_the_way_of_later_imports(place):
    program = (
        "import sys; finders = list(sys.meta_path)\n"
        "import hashing.layers; assert sys.meta_path == finders\n"
        "import inspect; print(inspect.getsource(hashing.layers))\n"
        "print(type(hashing.layers.__loader__).__name__)"
    )

    printed = run(program, place)

    assert printed[3:] == [
        *("from", "hashing", "import", "networks", "SourceFileLoader")
    ]


@pytest.mark.parametrize(
    "first", ["ugach.networks", "uch.training", "common.models.players"]
)
def test_any_module_may_be_the_first(first):
    program = (
        f"import {', '.join(METHODS)}\nimport {first}, sys\n"
        f"assert all(f'{{one}}.model' in sys.modules for one in {METHODS})"
    )

    run(program)
