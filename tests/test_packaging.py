"""What the source archive and the installed package hold."""

import configparser
import email
import importlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FOLDERS = ("ugach", "uch", "ssah", "common", "experiments", "tests", ".ci")
FILES = ("setup.py", "README.md", "LICENSE", ".pytest.ini", ".ruff.toml")
REBUILD = "common/data/openclipart/rebuild"
# Links of Markdown that lead to no address on the web.
RELATIVE = re.compile(r"\]\((?!https?://)")


def _setup(folder, *arguments, **environment):
    """Runs `setup.py` with what is installed; nothing is downloaded."""
    process = subprocess.run(
        [sys.executable, "setup.py", "--quiet", *arguments],
        cwd=folder,
        env={**os.environ, "CMH_PROJECT_URL": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of this folder, with what users and builds leave in one."""
    folder = tmp_path_factory.mktemp("clone")
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "photos.npz").touch()
    (folder / "common/hamming/_scan.cpython-311.so").touch()
    return folder


@pytest.fixture(scope="module")
def archive(clone):
    """The source archive, unpacked."""
    _setup(clone, "sdist", "--formats=tar", "--dist-dir=made")
    (path,) = (clone / "made").iterdir()
    shutil.unpack_archive(path, clone / "unpacked")
    (folder,) = (clone / "unpacked").iterdir()
    return folder


@pytest.fixture(scope="module")
def package(archive):
    """What is installed of the source archive, but for the extension."""
    _setup(archive, "build_py", "--build-lib=installed")
    return archive / "installed"


def _files(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _described(folder):
    (path,) = folder.glob("*/PKG-INFO")
    message = email.message_from_string(path.read_text("utf-8"))
    code = re.compile("^```.*?^```$", re.MULTILINE | re.DOTALL)
    return message, code.sub("", message.get_payload())


def test_the_source_archive_holds_tests_and_c_sources(archive):
    found = _files(archive)

    assert {
        *FILES,
        "common/hamming/native/scan.c",
        "common/hamming/native/path_avx2.c",
        "common/hamming/native/scan_body.h",
        "tests/conftest.py",
        "tests/test_packaging.py",
        "tests/common/reports/encode.c",
        f"{REBUILD}/__main__.py",
        f"{REBUILD}/directories.txt",
        "experiments/results/all_coco18.png",
    } <= found


def test_the_source_archive_holds_nothing_built_and_no_data_of_users(archive):
    found = _files(archive)

    assert "photos.npz" not in found
    assert not [name for name in found if name.endswith((".so", ".pyc"))]


def test_the_package_holds_its_data_and_marks(package):
    found = _files(package)

    assert {
        *(f"{name}/py.typed" for name in FOLDERS[:5]),
        "common/data/openclipart/openclipart.npz",
        "common/data/openclipart/thumbnails.npz",
        "common/data/openclipart/extractor.json",
        "common/data/openclipart/COPYRIGHT",
        "common/data/protocols/uch.npz",
        "experiments/serve/web/page.html",
        "experiments/papers/published.csv",
        "experiments/results/all_coco18.json",
    } <= found


def test_the_package_holds_every_module_but_those_that_made_its_data(package):
    modules = {name for name in _files(package) if name.endswith(".py")}
    ours = {
        f"{name}/{path}"
        for name in FOLDERS[:5]
        for path in _files(ROOT / name)
        if path.endswith(".py")
    }

    assert modules == {n for n in ours if not n.startswith(f"{REBUILD}/")}


def test_the_console_script_leads_to_the_commands(archive):
    (path,) = archive.glob("*/entry_points.txt")
    parser = configparser.ConfigParser()
    parser.read(path)

    scripts = dict(parser["console_scripts"])
    module, _, name = scripts.pop("cmh").partition(":")

    assert not scripts
    assert getattr(importlib.import_module(module), name).__doc__


def test_without_an_address_the_page_links_to_no_file(archive):
    described, text = _described(archive)

    assert described["Project-URL"] is None
    assert "# Cross-modal hashing" in text
    assert not RELATIVE.search(text)
    assert "All methods on COCO: `experiments/results/all_coco18.png`" in text


def test_with_an_address_the_page_links_there(archive):
    address = "https://example.org/someone/hashing"
    _setup(archive, "egg_info", "--egg-base=.", CMH_PROJECT_URL=f"{address}/")

    described, text = _described(archive)

    assert described["Project-URL"] == f"Source, {address}"
    assert not RELATIVE.search(text)
    assert f"[`uch`]({address}/blob/HEAD/uch/README.md)" in text
    assert (
        f"![All methods on COCO]({address}/raw/HEAD/experiments/results/"
        "all_coco18.png)"
    ) in text
