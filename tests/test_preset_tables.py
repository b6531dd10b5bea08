"""The table of presets in a method's README and its config agree."""

import dataclasses
import importlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
METHODS = ("ssah", "uch", "ugach")
# A table may add that a setting has no effect in a preset.
_REMARK = re.compile(r" \(.*\)$")
_WORDS = {"on": "True", "off": "False", "true": "True", "false": "False"}


def _config(method):
    return importlib.import_module(f"{method}.config")


def _table(method):
    """Head of the table, and its rows by setting."""
    text = (ROOT / method / "README.md").read_text("utf-8")
    table = re.search(r"^\| Setting .*\|$(\n\|.+\|$)+", text, re.MULTILINE)[0]
    lines = re.findall(r"^\| (.+) \|$", table, re.MULTILINE)
    head, *rows = (re.split(r" *\| *", x.replace("`", "")) for x in lines)
    return head[1:], {row[0]: row[1:] for row in rows}


def _same(told, value):
    if isinstance(value, bool | str):
        return _WORDS.get(told, told) == str(value)
    return float(told) == value


@pytest.mark.parametrize("method", METHODS)
def test_the_table_has_every_preset_and_only_settings_that_exist(method):
    config = _config(method)
    presets, rows = _table(method)

    assert sorted(presets) == sorted(config.PRESETS)
    fields = {field.name for field in dataclasses.fields(config.Config)}
    assert len(rows) > 20
    assert rows.keys() <= fields


@pytest.mark.parametrize("method", METHODS)
def test_the_table_tells_what_the_presets_set(method):
    config = _config(method)
    presets, rows = _table(method)

    wrong = [
        f"{preset} {name}: told {told}, is {getattr(settings, name)}"
        for name, cells in rows.items()
        for preset, told in zip(presets, cells, strict=True)
        for settings in [config.PRESETS[preset]]
        if not _same(_REMARK.sub("", told), getattr(settings, name))
    ]
    assert not wrong


@pytest.mark.parametrize("method", METHODS)
def test_a_setting_that_differs_between_presets_is_in_the_table(method):
    config = _config(method)
    _, rows = _table(method)
    default, *others = config.PRESETS.values()

    for field in dataclasses.fields(config.Config):
        values = {getattr(one, field.name) for one in (default, *others)}
        assert len(values) == 1 or field.name in rows
