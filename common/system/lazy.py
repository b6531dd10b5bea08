"""Public names of a package whose modules are heavy to import."""

import importlib
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
