"""The equation table of a method's README and the docstrings agree."""

import ast
import importlib
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
# How many equations each paper numbers.
METHODS = {"ugach": 11, "uch": 19, "ssah": 8}
# Where a method's equations may be implemented.
PLACES = {method: (method, "common") for method in METHODS}


def numbers(text):
    """Equation numbers of `(6)` or `(1)-(2) and (10)`, ranges expanded."""
    found = set()
    for first, last in re.findall(r"\((\d+)\)(?:\s*-\s*\((\d+)\))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def cited(docstring, method):
    """Numbers that a docstring cites as `UGACH Eq. (6):`.

    The citation begins a paragraph and ends with a colon; words may follow
    the number, as in `UGACH Eq. (10), last line:`.
    """
    found = set()
    for paragraph in re.split(r"\n\s*\n", docstring or ""):
        match = re.match(
            rf"{method.upper()} Eqs?\. ([^:]*):", paragraph.strip()
        )
        if match:
            found |= numbers(match[1])
    return found


def citations(source, module, method):
    """Qualified name of each documented object that cites an equation."""
    found = {}

    def visit(node, name):
        here = cited(ast.get_docstring(node), method)
        if here:
            found[name] = here
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                visit(child, f"{name}.{child.name}")

    visit(ast.parse(source), module)
    return found


def all_citations(method):
    found = {}
    for place in PLACES[method]:
        for path in sorted((ROOT / place).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found |= citations(path.read_text("utf-8"), module, method)
    return found


def table(readme):
    """Rows (numbers, code names, test files) of `| Paper | Code | Test |`."""
    lines = readme.splitlines()
    start = lines.index("| Paper | Code | Test |") + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        paper, code, test = line.strip("|").split("|")
        rows.append(
            (
                numbers(paper),
                re.findall(r"`([^`]+)`", code),
                re.findall(r"`([^`]+)`", test),
            )
        )
    return rows


def resolve(name):
    """The object of a dotted name, by import and getattr."""
    parts = name.split(".")
    module = importlib.import_module(".".join(parts[:2]))
    for position, part in enumerate(parts[2:], start=3):
        if not hasattr(module, part):
            importlib.import_module(".".join(parts[:position]))
        module = getattr(module, part)
    return module


def faults(rows, found):
    """What the table says and the docstrings do not, or the other way."""
    told = set().union(*(row[0] for row in rows))
    written = set().union(*found.values())
    problems = []
    if told != written:
        problems.append(
            f"only in the table: {sorted(told - written)}; only in "
            f"docstrings: {sorted(written - told)}"
        )
    for row_numbers, names, _ in rows:
        here = set().union(*(found.get(name, set()) for name in names))
        if not row_numbers or not row_numbers <= here:
            problems.append(
                f"{names} should cite {sorted(row_numbers)} and cite "
                f"{sorted(here)}"
            )
    return problems


def _readme(method):
    return (ROOT / method / "README.md").read_text("utf-8")


@pytest.mark.parametrize("method", METHODS)
def test_the_table_and_the_docstrings_name_the_same_equations(method):
    problems = faults(table(_readme(method)), all_citations(method))

    assert not problems


@pytest.mark.parametrize("method", METHODS)
def test_the_table_names_code_and_tests_that_exist(method):
    rows = table(_readme(method))

    assert rows
    for _, names, tests in rows:
        assert names and tests
        for name in names:
            assert resolve(name) is not None
        for test in tests:
            assert (ROOT / test).is_file(), test


@pytest.mark.parametrize(("method", "count"), METHODS.items())
def test_every_equation_of_a_paper_is_told(method, count):
    told = set().union(*(row[0] for row in table(_readme(method))))

    assert told == set(range(1, count + 1))


def test_average_precision_is_common_to_all_methods():
    assert (
        11
        in all_citations("ugach")[
            "common.metrics.retrieval.expected_average_precision"
        ]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("Eq. (6)", {6}),
        ("Eqs. (1)-(3)", {1, 2, 3}),
        ("Eqs. (3)-(4) and, for each network, (6)", {3, 4, 6}),
        ("Eq. 6 of the year 2018", set()),
    ),
)
def test_ranges_of_numbers_are_expanded(text, expected):
    assert numbers(text) == expected


SOURCE = '''
class Players:
    """UGACH Eq. (7):"""

    def loss(self):
        """A loss.

        UGACH Eqs. (8)-(9), the discriminator's side
        of it:

            V = 0

        SSAH Eq. (1):

            J = 0
        """

    def other(self):
        """As UGACH Eq. (5): only mentioned in passing, no citation."""
'''


def test_citations_are_found_by_object_and_method():
    found = citations(SOURCE, "ugach.losses", "ugach")

    assert found == {
        "ugach.losses.Players": {7},
        "ugach.losses.Players.loss": {8, 9},
    }


@pytest.mark.parametrize(
    ("planted", "complaint"),
    (
        ("| Eq. (4) | `ugach.losses.f` | `t.py` |", r"docstrings: \[5\]"),
        (
            "| Eqs. (4)-(6) | `ugach.losses.f` | `t.py` |",
            r"only in the table: \[6\]",
        ),
        (
            "| Eqs. (4)-(5) | `ugach.losses.g` | `t.py` |",
            r"ugach.losses.g'\] should cite \[4, 5\] and cite \[\]",
        ),
        ("| Eqs. (4)-(5) | `ugach.losses.f` | `t.py` |", None),
    ),
)
def test_a_planted_fault_is_found(planted, complaint):
    readme = f"| Paper | Code | Test |\n|---|---|---|\n{planted}\n\nText"

    problems = faults(table(readme), {"ugach.losses.f": {4, 5}})

    if complaint is None:
        assert problems == []
    else:
        assert re.search(complaint, " ".join(problems))


def test_names_that_do_not_exist_are_found():
    assert callable(resolve("common.hamming.codes.PackedCodes.from_bits"))
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        resolve("common.hamming.codes.absent")
