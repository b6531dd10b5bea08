"""Command-line experiments: training, evaluation, search and benchmarks.

`cmh NAME` is the console script; `python -m experiments.NAME` does the same,
but imports from the working directory first.
"""

import ast
import importlib.util
import os
import pkgutil
import runpy
import sys

from common import __version__

_HELP = """\
Cross-modal hashing: UGACH, UCH and SSAH.

usage: cmh COMMAND [--FLAG=VALUE ...]
       cmh COMMAND --help
       cmh --version

"""


def commands() -> dict[str, str]:
    """What each command does, by its name: modules, and folders that run."""
    return {
        module.name.replace("_", "-"): _first_line(module.name)
        for module in pkgutil.iter_modules(__path__)
        if not module.ispkg or _runs(module.name)
    }


def _runs(package: str) -> bool:
    name = f"{__name__}.{package}.__main__"
    return importlib.util.find_spec(name) is not None


def main() -> None:
    """Runs the command that the command line names.

    Neither it nor the processes that it starts import from the working
    directory, where a user's own files may have the names of our modules.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    name, *arguments = sys.argv[1:] or ["--help"]
    name = name.replace("_", "-") if not name.startswith("-") else name
    if "--version" in (name, *arguments[:1]):
        print(f"cmh {__version__}")
    elif name in ("--help", "-h", "help"):
        print(_help())
    elif name in commands():
        sys.argv = [sys.argv[0], *arguments]
        module = f"{__name__}.{name.replace('-', '_')}"
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.exit(f"Error: there is no command {name!r}; see cmh --help.")


def _help() -> str:
    found = commands()
    width = max(map(len, found)) + 2
    lines = [f"  {name:{width}}{text}" for name, text in found.items()]
    return _HELP + "\n".join(lines)


def _first_line(module: str) -> str:
    """First line of a module's docstring, without importing the module."""
    spec = importlib.util.find_spec(f"{__name__}.{module}")
    tree = ast.parse(spec.loader.get_source(spec.name))
    return (ast.get_docstring(tree) or "").partition("\n")[0]
