"""Who may import whom, and what the repository holds."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
METHODS = ("ugach", "uch", "ssah")
PACKAGES = (*METHODS, "common", "experiments")
TOP_LEVEL = {*PACKAGES, "tests", "setup.py", "README.md", "LICENSE"}

# Which rooms of `common` each of them may import besides itself.
BELOW = {
    "system": set(),
    "backbones": {"system"},
    "hamming": {"system", "backbones"},
    "metrics": {"system", "backbones", "hamming"},
    "models": {"system", "backbones", "hamming"},
    "data": {"system", "backbones", "hamming", "metrics", "models"},
}
BELOW["runs"] = BELOW["data"] | {"data"}
for _room in ("training", "reports", "beam"):
    BELOW[_room] = BELOW["runs"] | {"runs"}
# A trained model exports itself.
BELOW["training"] |= {"reports"}
# A folder holds about as many modules as one can keep in mind.
MOST_MODULES = 15
# Rooms of `common`, its docstring and the mark that it is typed.
MOST_ENTRIES = 12
FLAG_MODULES = (
    "common.runs.flags",
    "common.runs.runner",
    # Rebuilds the embedded data; a program of its own.
    "common.data.openclipart.rebuild",
    "experiments.",
)
# Modules that people without TensorFlow can use, and that start at once.
NUMPY_ONLY = (
    "common.backbones",
    "common.backbones.choice",
    "common.backbones.efficientnet_lite0",
    "common.backbones.matconvnet",
    "common.backbones.photographs",
    "common.backbones.preprocessing",
    "common.backbones.torch_weights",
    "common.beam",
    "common.beam.encoding",
    "common.beam.jobs",
    "common.beam.nearest",
    "common.data",
    "common.data.arrays",
    "common.data.bow",
    "common.data.captions",
    "common.data.captions.plan",
    "common.data.captions.reading",
    "common.data.captions.rows",
    "common.data.draws",
    "common.data.neighbours",
    "common.data.neighbours.approximate",
    "common.data.neighbours.exact",
    "common.data.originals",
    "common.data.protocols.stored",
    "common.data.readers",
    "common.data.splits",
    "common.data.thumbnails",
    "common.data.words",
    "common.hamming",
    "common.hamming.choosing",
    "common.hamming.choosing.automatic",
    "common.hamming.choosing.costs",
    "common.hamming.codes",
    "common.hamming.distances",
    "common.hamming.index",
    "common.hamming.index_file",
    "common.hamming.kernel",
    "common.hamming.milvus_engine",
    "common.hamming.multi_index",
    "common.hamming.native",
    "common.hamming.native.library",
    "common.hamming.native.signatures",
    "common.hamming.scan",
    "common.hamming.snapshot",
    "common.hamming.ties",
    "common.metrics",
    "common.metrics.diagnostics",
    "common.metrics.evaluation",
    "common.metrics.histograms",
    "common.metrics.relevance",
    "common.metrics.retrieval",
    "common.models",
    "common.models.settings",
    "common.reports",
    "common.reports.figures",
    "common.runs",
    "common.runs.devices",
    "common.runs.finished",
    "common.runs.flags",
    "common.runs.folders",
    "common.runs.places",
    "common.runs.provenance",
    "common.runs.records",
    "common.runs.run",
    "common.runs.runner",
    "common.system",
    "common.system.code",
    "common.system.digests",
    "common.system.disk",
    "common.system.elf",
    "common.system.extras",
    "common.system.files",
    "common.system.growing",
    "common.system.locks",
    "common.system.machine",
    "common.system.remembered",
    "common.system.stopwatch",
    "common.training",
    "common.training.divergence",
    "ssah",
    "ssah.config",
    "uch",
    "uch.config",
    "ugach",
    "ugach.config",
    "ugach.given_graph",
    "ugach.graph",
)

# Modules that experiments import once they train or evaluate.
IMPORTED_LATE = tuple(
    f"experiments.{name}"
    for name in (
        "baselines.evaluation",
        "baselines.deep.keras_training",
        "baselines.deep.dcmh_model",
        "baselines.deep.acmr_model",
        "baselines.towers.networks",
        "baselines.towers.infonce_model",
        "baselines.towers.ucch_losses",
        "baselines.towers.ucch_model",
        "baselines.towers.cirh_losses",
        "baselines.towers.cirh_graph",
        "baselines.towers.cirh_model",
        "benchmarks.tensor_precision",
        "benchmarks.training.counts.ssah",
        "benchmarks.training.counts.uch",
        # PyTorch, too, which may not be there.
        "benchmarks.training.peers.layers",
        "benchmarks.training.peers.networks",
        "benchmarks.training.peers.peer",
        "benchmarks.training.peers.ssah",
        "benchmarks.training.peers.timing",
        "benchmarks.training.peers.uch",
        "benchmarks.training.peers.ugach",
        "papers.drawing",
        "papers.trials",
    )
)


def sources():
    """Source text of every module of ours, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            found[name] = path.read_text("utf-8")
    return found


SOURCES = sources()


def imports(source, top_level_only=False):
    """Dotted names that a module imports; `from a import b` is `a.b`."""
    tree = ast.parse(source)
    nodes = tree.body if top_level_only else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def place(module):
    """Where a module stands: ours by package, those of `common` by room."""
    package, _, rest = module.partition(".")
    room = rest.partition(".")[0]
    return (package, room if package == "common" else "")


def allowed(importer, imported):
    """Whether a module of one place may import from the other."""
    (package, room), (other, other_room) = importer, imported
    if (package, room) == (other, other_room) or package == "experiments":
        return True
    if other != "common":
        return False
    if importer == ("common", ""):
        # It hands on the version.
        return other_room == "system"
    return package in METHODS or other_room in BELOW.get(room, ())


def forbidden_imports(module, source):
    """Imports of our packages that a module's place does not allow."""
    return {
        name
        for name in imports(source)
        if name.startswith(".")
        or name.partition(".")[0] in PACKAGES
        and not allowed(place(module), place(name))
    }


def uses_flags(module, source):
    """Whether a module that is no runner's imports absl's flags or app."""
    if module.startswith(FLAG_MODULES):
        return False
    return bool({"absl.flags", "absl.app"} & imports(source))


def needs_tensorflow(module, sources):
    """Whether importing a module imports TensorFlow, itself or by another."""
    seen, waiting = set(), [module]
    while waiting:
        for name in imports(sources[waiting.pop()], top_level_only=True):
            if name.partition(".")[0] in ("tensorflow", "keras"):
                return True
            for known in (name, name.rpartition(".")[0]):
                if known in sources and known not in seen:
                    seen.add(known)
                    waiting.append(known)
    return False


def statements_at_import(source):
    """Lines at module level that do more than define and import."""
    harmless = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
    )
    tree = ast.parse(source)
    return [
        node.lineno
        for node in tree.body
        if not isinstance(node, harmless)
        and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
        and not (
            isinstance(node, ast.If)
            and ast.unparse(node.test)
            in ("__name__ == '__main__'", "TYPE_CHECKING")
        )
    ]


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_from_experiments_to_methods_to_common(module):
    assert not forbidden_imports(module, SOURCES[module])


@pytest.mark.parametrize(
    ("module", "line"),
    (
        ("common.hamming.codes", "import ugach"),
        ("common.hamming.codes", "from common.metrics import retrieval"),
        ("common.models.base", "from common.data import arrays"),
        ("common.metrics.retrieval", "def f():\n    import common.models.base"),
        ("common.reports.export", "from common.training import fitting"),
        ("common.system.files", "import common.backbones"),
        ("common.runs.run", "from common import training"),
        ("common.data.arrays", "from experiments import search"),
        ("ugach.losses", "from ssah import losses"),
        ("ugach.losses", "def f():\n    import experiments.search"),
        ("ssah.model", "import uch.model as other"),
        ("uch.model", "from . import losses"),
    ),
)
def test_a_planted_import_is_found(module, line):
    assert forbidden_imports(module, line)


@pytest.mark.parametrize(
    ("module", "line"),
    (
        ("experiments.search", "from ugach import losses"),
        ("ugach.losses", "from common import codes"),
        ("common.hamming.codes", "import numpy as np"),
    ),
)
def test_an_allowed_import_is_left_alone(module, line):
    assert not forbidden_imports(module, line)


def test_common_has_no_more_rooms_than_one_can_look_over():
    entries = {
        file.name
        for file in (ROOT / "common").iterdir()
        if file.name != "__pycache__"
    }

    assert len(entries) <= MOST_ENTRIES, sorted(entries)


def test_every_room_of_common_has_its_place_in_the_table():
    rooms = {path.name for path in (ROOT / "common").iterdir() if path.is_dir()}

    assert rooms - {"__pycache__"} == set(BELOW)


@pytest.mark.parametrize("module", SOURCES)
def test_no_folder_has_more_modules_than_one_can_keep_in_mind(module):
    folder = module.rpartition(".")[0]
    inside = [name for name in SOURCES if name.rpartition(".")[0] == folder]
    modules = [
        name
        for name in inside
        if not any(other.startswith(f"{name}.") for other in SOURCES)
    ]

    assert len(modules) <= MOST_MODULES or not folder


@pytest.mark.parametrize("room", sorted(BELOW))
def test_a_room_says_what_it_is_for_and_hands_on_its_names(room):
    module = importlib.import_module(f"common.{room}")

    assert module.__doc__
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("method", METHODS)
def test_a_method_hands_on_its_model_and_settings(method):
    module = importlib.import_module(method)

    assert {"Config", "PRESETS", method.upper()} <= set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert module.__version__ == importlib.import_module("common").__version__


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_that_it_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("module", SOURCES)
def test_only_runners_know_of_flags(module):
    assert not uses_flags(module, SOURCES[module])


def test_a_planted_flag_is_found():
    source = "from absl import flags"

    assert uses_flags("ugach.config", source)
    assert not uses_flags("experiments.search", source)


@pytest.mark.parametrize("module", NUMPY_ONLY)
def test_modules_that_need_no_tensorflow_do_not_import_it(module):
    assert not needs_tensorflow(module, SOURCES)


def test_a_planted_tensorflow_is_found_through_other_modules():
    planted = SOURCES | {"common.system.files": "from tensorflow import keras"}

    # common.runs.run reads settings and data, and those read files.
    assert needs_tensorflow("common.runs.run", planted)
    assert needs_tensorflow("common.hamming.packing", SOURCES)
    assert not needs_tensorflow(
        "common.system.files",
        {"common.system.files": "def f():\n    import tensorflow as tf"},
    )


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_only_defines_when_it_is_imported(module):
    assert not statements_at_import(SOURCES[module])


def test_a_planted_statement_is_found():
    source = '"""Doc."""\nimport os\nX = 1\nos.makedirs("runs")\n'
    guarded = 'if __name__ == "__main__":\n    main()\n'

    assert statements_at_import(source) == [4]
    assert statements_at_import(guarded) == []


def test_importing_an_experiment_does_not_import_tensorflow():
    # `--help` and wrong input then answer at once.
    modules = [
        name
        for name in SOURCES
        if name.startswith("experiments.") and name not in IMPORTED_LATE
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {modules}:\n"
        "    importlib.import_module(name)\n"
        "print({'tensorflow', 'keras'} & set(sys.modules), len(sys.argv))\n"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "experiments.train_ugach" in modules
    assert finished.stderr == ""
    assert finished.stdout == "set() 1\n"


def test_the_packages_that_are_tested_are_those_of_this_folder():
    for package in PACKAGES:
        folder = ROOT / package
        if (folder / "__init__.py").is_file():
            found = importlib.import_module(package).__file__

            assert pathlib.Path(found) == folder / "__init__.py"


def test_the_top_level_holds_these_names_and_no_other():
    if not (ROOT / ".git").exists():
        pytest.skip("only a clone tells what is the repository's")
    # What users keep beside it, such as their data, is not.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    found = {name.partition("/")[0] for name in names}

    assert {name for name in found if name[0] != "."} == TOP_LEVEL
