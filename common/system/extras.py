"""Optional dependencies, each of which an extra of this project installs."""

import importlib
import types


class NotInstalledError(ImportError):
    """An optional dependency is missing; the message names its extra."""


def load(module: str, name: str, extra: str) -> types.ModuleType:
    """Imports a module that may not be there.

    Args:
        module: Its dotted name.
        name: What people call it, for the message.
        extra: The extra that installs it.

    Raises:
        NotInstalledError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotInstalledError(
            f"{name} is not installed; install the extra: pip install "
            f"'cross-modal-hashing[{extra}]'."
        ) from error
