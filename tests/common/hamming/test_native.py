"""The compiled scans: which are found, what they may be given, each path."""

import importlib
import logging
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from common.hamming import kernel
from common.hamming import scan
from common.hamming.native import library
from tests import hamming_cases as cases
from tests import native_cases

ROOT = pathlib.Path(__file__).parents[3]
SOURCES = sorted((ROOT / "common/hamming/native").glob("*.c"))
COMPILED = [name for name in library.PATHS if name != library.NUMPY]


@pytest.fixture
def fresh(monkeypatch):
    """Lets the scans be looked for anew, here and afterwards."""
    monkeypatch.delenv(library.VARIABLE, raising=False)
    kernel.library.cache_clear()
    yield
    kernel.library.cache_clear()


@pytest.fixture
def built():
    """The compiled functions, whatever path is forced."""
    try:
        return library._functions()
    except library.NotUsableError as error:
        pytest.skip(str(error))


def test_the_scans_are_built_where_there_is_a_compiler():
    if shutil.which("cc") is None:
        pytest.skip("no C compiler on this machine")

    assert library._functions()


def test_without_the_built_scans_a_warning_says_so_once(
    fresh, monkeypatch, caplog
):
    monkeypatch.setattr(library.machinery, "EXTENSION_SUFFIXES", [])

    with caplog.at_level(logging.WARNING):
        found = kernel.library(), kernel.library()

    assert found == (None, None)
    assert kernel.path() == "numpy"
    assert [record.message[:32] for record in caplog.records] == [
        "The compiled scans are not built"
    ]


def test_a_build_of_another_version_is_not_used(built, monkeypatch):
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)

    with pytest.raises(library.NotUsableError, match="is of version"):
        library.load(built._name)


def _cut(content):
    return content[: len(content) // 2]


def _flipped(content):
    place = len(content) // 3
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def _overwritten(content):
    return bytes(len(content))


@pytest.mark.parametrize(
    "damage", (_cut, _flipped, _overwritten, lambda _: b"int f(void);")
)
def test_a_damaged_file_is_named_once_and_numpy_answers(
    damage, built, fresh, monkeypatch, caplog, tmp_path
):
    path = tmp_path / pathlib.Path(built._name).name
    path.write_bytes(damage(pathlib.Path(built._name).read_bytes()))
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    packed = cases.pack(cases.bits(9, 16))

    for _ in range(2):
        found = scan.Scan(packed).nearest(packed, 1)

    assert found[0].tolist() == [[0]] * 9
    assert kernel.path() == "numpy"
    (record,) = caplog.records
    assert f"The compiled scans in {path} cannot be used (" in record.message


def test_a_library_of_others_is_not_used(tmp_path, built, fresh, monkeypatch):
    other = importlib.import_module("_ctypes").__file__

    with pytest.raises(library.NotUsableError, match="scan_version"):
        library.load(other)


def test_every_path_that_is_promised_is_built(built):
    known = list(library.paths(built))

    assert known == [name for name in COMPILED if name in known]
    assert known[-1] == "portable"
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        assert known == COMPILED


def test_the_fastest_path_is_taken(built, fresh):
    usable = [name for name, can in library.paths(built).items() if can]

    assert kernel.path() == usable[0]


@pytest.mark.parametrize("path", COMPILED)
def test_a_forced_path_answers_as_numpy(path, built, fresh, monkeypatch):
    if not library.paths(built).get(path):
        pytest.skip(f"this processor cannot run the path {path}")
    monkeypatch.setenv(library.VARIABLE, path)

    assert kernel.path() == path
    native_cases.check_all()


def test_numpy_can_be_forced(built, fresh, monkeypatch, caplog):
    monkeypatch.setenv(library.VARIABLE, "numpy")
    monkeypatch.setattr(kernel, "call", None)
    packed = cases.pack(cases.bits(9, 16))

    assert kernel.path() == "numpy"
    assert scan.Scan(packed).nearest(packed, 1)[0].tolist() == [[0]] * 9
    assert not caplog.records


def test_an_unknown_path_is_refused(fresh, monkeypatch):
    monkeypatch.setenv(library.VARIABLE, "mmx")

    with pytest.raises(ValueError, match="one of avx512, .*received 'mmx'"):
        kernel.path()


def test_a_path_that_the_processor_lacks_is_refused(built, fresh, monkeypatch):
    monkeypatch.setenv(library.VARIABLE, "avx512")
    monkeypatch.setattr(
        library, "paths", lambda _: {"avx512": False, "portable": True}
    )

    with pytest.raises(ValueError, match="can run portable, numpy"):
        kernel.path()


def test_a_path_is_refused_where_nothing_is_built(fresh, monkeypatch):
    monkeypatch.setenv(library.VARIABLE, "portable")
    monkeypatch.setattr(library.machinery, "EXTENSION_SUFFIXES", [])

    with pytest.raises(ValueError, match="portable. .* are not built"):
        kernel.path()


def _arguments():
    return {
        "queries": np.zeros((3, 8), np.uint8),
        "rows": np.zeros((9, 8), np.uint8),
        "query_labels": np.zeros((3, 2), np.uint64),
        "labels": np.zeros((9, 2), np.uint64),
        "bits": 64,
        "counts": np.zeros((3, 65, 2), np.int64),
    }


def _read_only(array):
    array.flags.writeable = False
    return array


WRONG = {
    "fewer distances": ("counts", np.zeros((3, 64, 2), np.int64)),
    "fewer queries": ("counts", np.zeros((2, 65, 2), np.int64)),
    "flat": ("counts", np.zeros(390, np.int64)),
    "type": ("counts", np.zeros((3, 65, 2), np.int32)),
    "turned": ("counts", np.zeros((3, 65, 2), np.int64, "F")),
    "read-only": ("counts", _read_only(np.zeros((3, 65, 2), np.int64))),
    "other width": ("rows", np.zeros((9, 7), np.uint8)),
    "every other row": ("rows", np.zeros((18, 8), np.uint8)[::2]),
    "fewer labels": ("labels", np.zeros((8, 2), np.uint64)),
    "other words": ("labels", np.zeros((9, 1), np.uint64)),
    "list": ("rows", [[0] * 8] * 9),
    "unaligned": (
        "labels",
        np.zeros(9 * 16 + 1, np.uint8)[1:].view(np.uint64).reshape(9, 2),
    ),
    "too many bits": ("bits", 65),
    "no bits": ("bits", 0),
    "real": ("bits", 64.0),
}


@pytest.mark.parametrize("kind", WRONG)
def test_no_function_is_given_what_would_lead_outside(kind, built, fresh):
    name, value = WRONG[kind]
    kernel.call("histograms", *_arguments().values())

    with pytest.raises(ValueError, match=f"The scan `histograms` takes {name}"):
        kernel.call("histograms", *(_arguments() | {name: value}).values())


@pytest.mark.parametrize("k", (0, 10))
def test_no_more_items_than_there_are_can_be_asked_of_c(k, built, fresh):
    found = np.zeros((3, k), np.int32), np.zeros((3, k), np.int64)
    queries, rows = list(_arguments().values())[:2]

    with pytest.raises(ValueError, match="takes k from 1 to 9, received"):
        kernel.call("nearest", queries, rows, 64, k, *found)


@pytest.mark.parametrize(
    "places", ([0, 5, 4, 6], [-1, 2, 4, 6], [0, 2, 4, 7], [0, 9, 9, 9])
)
def test_places_outside_the_results_are_refused(places, built, fresh):
    queries, rows = list(_arguments().values())[:2]
    results = np.zeros(6, np.int32), np.zeros(6, np.int64), np.zeros(3, int)

    with pytest.raises(ValueError, match="places or tables that lead outside"):
        kernel.call("within", queries, rows, 3, np.array(places), *results)


@pytest.mark.parametrize(
    ("tables", "edges"),
    (
        ([0, 60], [0, 32, 64]),
        ([0, 257], [0, 8, 65]),
        ([0, 257], [0, 8, 7]),
        ([0, 258], [0, 8, 16]),
        ([-1, 257], [0, 8, 16]),
    ),
)
def test_tables_outside_their_array_are_refused(tables, edges, built, fresh):
    queries, rows = list(_arguments().values())[:2]
    results = np.zeros(6, np.int32), np.zeros(6, np.int64), np.zeros(3, int)

    with pytest.raises(ValueError, match="places or tables that lead outside"):
        kernel.call(
            "probe",
            queries,
            rows,
            3,
            np.array(tables),
            np.array(edges),
            np.zeros(514, np.uint32),
            np.zeros((2, 9), np.uint32),
            np.array([0, 2, 4, 6]),
            *results,
        )


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """A build that stops at the first wrong access, and what it needs."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    found = subprocess.run(
        [compiler, "-print-file-name=libasan.so"],
        capture_output=True,
        text=True,
    )
    sanitizer = pathlib.Path(found.stdout.strip())
    if not sanitizer.is_absolute():
        pytest.skip("the C compiler has no AddressSanitizer to load first")
    path = tmp_path_factory.mktemp("sanitized") / "_scan.so"
    flags = "-O1 -g -shared -fPIC -fsanitize=address,undefined"
    build = subprocess.run(
        [
            compiler,
            *flags.split(),
            "-fno-sanitize-recover=all",
            *SOURCES,
            "-o",
            path,
        ],
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    return path, sanitizer


@pytest.mark.parametrize("path", COMPILED)
def test_no_path_reads_or_writes_outside(path, sanitized, built):
    if not library.paths(built).get(path):
        pytest.skip(f"this processor cannot run the path {path}")
    scans, sanitizer = sanitized

    child = subprocess.run(
        [sys.executable, "-m", "tests.native_cases", scans],
        cwd=ROOT,
        env=os.environ
        | {
            "LD_PRELOAD": str(sanitizer),
            # Python keeps what it has until the end.
            "ASAN_OPTIONS": "detect_leaks=0",
            "OPENBLAS_NUM_THREADS": "1",
            library.VARIABLE: path,
        },
        capture_output=True,
        text=True,
    )

    # The cases pass, and the planted overflow that follows does not.
    assert child.stdout == "all equal\n", child.stderr
    assert "heap-buffer-overflow" in child.stderr
