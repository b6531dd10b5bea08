import json
import re

import pytest

from common.system import extras


def test_an_installed_module_is_given():
    assert extras.load("json", "JSON", "json") is json


def test_a_missing_one_is_named_with_its_extra():
    message = (
        "Nothing is not installed; install the extra: pip install "
        "'cross-modal-hashing[nothing]'."
    )

    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        extras.load("no.such.module", "Nothing", "nothing")
