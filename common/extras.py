"""Optional dependencies, each of which an extra of this project installs."""

import importlib
import types


def load(module: str, name: str, extra: str) -> types.ModuleType:
    """Imports a module that may not be there.

    Args:
        module: Its dotted name.
        name: What people call it, for the message.
        extra: The extra that installs it.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{name} is not installed; install the extra: pip install "
            f"'cross-modal-hashing[{extra}]'."
        ) from error
