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
        sys.meta_path.insert(0, _AfterKeras(paths))
    return names(package, **modules)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Imports modules once Keras has been imported."""

    def __init__(self, paths: set[str]):
        self._paths = paths

    def find_spec(self, fullname, path, target=None):
        """The spec of Keras, with the modules behind it."""
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def then_the_modules(module):
            execute(module)
            for name in sorted(self._paths):
                importlib.import_module(name)

        spec.loader.exec_module = then_the_modules
        return spec
