"""Public names of a package whose modules are heavy to import."""

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable
from typing import Any


def names(package: str, **modules: str) -> Callable[[str], Any]:
    """A package's `__getattr__`, which imports a module for its first name.

    Args:
        package: The package, its `__name__`.
        **modules: Module of each name, relative to the package.
    """

    def attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}"
            )
        module = importlib.import_module(f"{package}.{modules[name]}")
        return getattr(module, name)

    return attribute


def keras_names(package: str, **modules: str) -> Callable[[str], Any]:
    """The same for classes that Keras finds by name in a saved model.

    Keras has to know them once it and the package are imported: where it is
    already there, modules are imported at once; else, right after it.

    Args:
        package: The package, its `__name__`.
        **modules: Module of each name, relative to the package.
    """
    paths = {f"{package}.{module}" for module in modules.values()}
    if "keras" in sys.modules:
        for path in sorted(paths):
            importlib.import_module(path)
    else:
        sys.meta_path.insert(0, _AfterKeras(package, paths))
    return names(package, **modules)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Imports modules once Keras has been imported, and all that imports it.

    Where a module of the package, or one of `common` that they build on, is the
    first to import Keras, it is not ready for them before its own last line.
    """

    def __init__(self, package: str, paths: set[str]):
        self._prefixes = (f"{package}.", "common.")
        self._paths = paths
        self._passed = set()
        self._unfinished = 0

    def find_spec(self, fullname, path=None, target=None):
        """The spec of Keras or of such a module, with what comes after it."""
        ours = fullname == "keras" or fullname.startswith(self._prefixes)
        if not ours or fullname in self._passed:
            return None
        self._passed.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._passed.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def execute(self, loader, module) -> None:
        """Executes a module, and at the end of the outermost one, the rest."""
        self._unfinished += 1
        try:
            loader.exec_module(module)
        finally:
            self._unfinished -= 1
        if self._unfinished or "keras" not in sys.modules:
            return
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name in sorted(self._paths):
            importlib.import_module(name)


class _Loader(importlib.abc.Loader):
    """A module's own loader, but for its execution."""

    def __init__(self, loader, finder: _AfterKeras):
        self._loader = loader
        self._finder = finder

    def create_module(self, spec):
        """The module as its own loader makes it."""
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        """Executes it by its own loader, which is then all that stays."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._finder.execute(self._loader, module)
