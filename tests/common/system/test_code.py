import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from common.system import code

ROOT = pathlib.Path(__file__).parents[3]
HERE = pathlib.Path("common/system/code.py")
NAMED = ("-c", "user.name=n", "-c", "user.email=e@example.org")

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None, reason="git is not installed"
)


def _git(folder, *arguments):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return subprocess.run(
        ["git", *NAMED, "-C", str(folder), *arguments],
        env=kept,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def _write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def clone(tmp_path):
    """A small clone of this package, committed."""
    root = tmp_path / "clone"
    for name in (HERE, "setup.py", "README.md", "LICENSE"):
        _write(root / name, (ROOT / name).read_text("utf-8"))
    for name in ("common", "common/system", "ugach"):
        _write(root / name / "__init__.py")
    _write(root / "experiments/results/one.json", "{}")
    _git(root.parent, "init", "-q", str(root))
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", "one")
    return root


def test_a_clone_tells_its_commit(clone):
    assert code.from_git(clone) == {
        "commit": _git(clone, "rev-parse", "HEAD"),
        "dirty": False,
    }


@pytest.mark.parametrize("changed", [HERE, "ugach/new.py", "setup.py"])
def test_changed_or_new_code_makes_a_clone_dirty(clone, changed):
    _write(clone / changed, "# changed")

    found = code.from_git(clone)

    assert found == {"commit": _git(clone, "rev-parse", "HEAD"), "dirty": True}


@pytest.mark.parametrize(
    "changed",
    ["README.md", "ugach/README.md", "experiments/results/one.json", "my.npz"],
)
def test_what_is_no_code_leaves_a_clone_clean(clone, changed):
    _write(clone / changed, "changed")

    assert code.from_git(clone)["dirty"] is False


def test_a_folder_that_is_no_clone_has_no_commit(clone):
    shutil.rmtree(clone / ".git")

    assert code.from_git(clone) is None


def test_a_package_inside_the_clone_of_something_else_has_no_commit(clone):
    inside = clone / ".venv/site-packages"
    _write(inside / HERE, "# installed")

    assert code.from_git(inside) is None


def test_a_clone_without_a_commit_has_none(clone):
    shutil.rmtree(clone / ".git")
    _git(clone.parent, "init", "-q", str(clone))
    _git(clone, "add", "-A")

    assert code.from_git(clone) is None


def test_variables_of_a_hook_do_not_name_another_clone(
    clone, tmp_path, monkeypatch
):
    _git(tmp_path, "init", "-q", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert code.from_git(clone)["commit"] == _git(clone, "rev-parse", "HEAD")


@pytest.fixture
def current(clone, monkeypatch):
    """`code.current` as it answers in the small clone."""
    monkeypatch.setattr(code, "_ROOT", clone)
    return code.current.__wrapped__


def test_without_git_the_version_alone_is_told(current, clone, monkeypatch):
    assert current() == {
        "version": code.VERSION,
        **{"commit": _git(clone, "rev-parse", "HEAD"), "dirty": False},
    }
    monkeypatch.setenv("PATH", "")
    assert current() == {
        "version": code.VERSION,
        **{"commit": None, "dirty": None},
    }


@pytest.mark.parametrize("text", ["", "[]", "not JSON", "\xff"])
def test_a_damaged_commit_file_is_none(current, clone, text):
    shutil.rmtree(clone / ".git")
    (clone / "common/system/commit.json").write_bytes(text.encode("latin-1"))

    assert current()["commit"] is None


def _setup(folder, *arguments):
    subprocess.run(
        [sys.executable, "setup.py", "-q", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def _told(folder):
    """What a package of another folder says, in a process of its own."""
    program = "import json, runpy; " + (
        f"found = runpy.run_path({str(folder / HERE)!r}); "
        "print(json.dumps(found['current']()))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(finished.stdout)


def test_built_packages_and_source_archives_know_their_commit(clone, tmp_path):
    pytest.importorskip("setuptools")
    commit = _git(clone, "rev-parse", "HEAD")
    _write(clone / "ugach/__init__.py", "# changed")
    expected = {"version": code.VERSION, "commit": commit, "dirty": True}

    _setup(clone, "build_py", "-d", str(tmp_path / "built"))
    _setup(clone, "sdist", "-d", str(tmp_path / "archives"))
    (archive,) = (tmp_path / "archives").iterdir()
    shutil.unpack_archive(archive, tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("cross*hashing-*")
    _setup(unpacked, "build_py", "-d", str(tmp_path / "again"))

    for folder in ("built", unpacked, "again"):
        assert _told(tmp_path / folder) == expected
    # The clone itself goes on asking git.
    assert not (clone / "common/system/commit.json").exists()
