"""The notebooks run from top to bottom, and are kept with their outputs."""

import pathlib
import re

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / "experiments" / "notebooks"
NAMES = ("openclipart", "your_own_data")
# Two minutes for both on two idle cores; a busy machine may take longer.
SECONDS_A_CELL = 600


def _read(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def _outputs(notebook):
    return [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def _pictures(notebook):
    return [
        output.data["image/png"]
        for output in _outputs(notebook)
        if "image/png" in output.get("data", {})
    ]


def _printed(notebook, pattern):
    """The number that follows some words in what was printed."""
    text = "".join(
        output.text
        for output in _outputs(notebook)
        if output.output_type == "stream" and output.name == "stdout"
    )
    return float(re.search(rf"{pattern}\s*([\d.]+)", text)[1])


def test_every_notebook_is_tested():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_kept_with_what_it_shows(name):
    path = FOLDER / f"{name}.ipynb"
    text = path.read_text("utf-8")
    notebook = _read(name)
    nbformat.validate(notebook)

    assert len(text) < 600_000
    assert len(_pictures(notebook)) >= 4
    assert not re.search(r"/(home|root|tmp|opt|work|usr)/", text)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (FOLDER / link).exists(), link
    kinds = {output.output_type for output in _outputs(notebook)}
    assert "error" not in kinds
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1))


@pytest.mark.parametrize(
    ("name", "score", "least"),
    [
        ("openclipart", "map_t2i", 0.4),
        ("your_own_data", "texts find pictures:", 0.75),
    ],
)
def test_a_notebook_runs_and_shows_what_is_kept(
    name, score, least, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    kept, notebook = _read(name), _read(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []

    nbclient.NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()

    assert len(_pictures(notebook)) == len(_pictures(kept))
    reached = _printed(notebook, score)
    assert reached > least
    # What stands in the notebook is what its code gives, to rounding.
    assert abs(reached - _printed(kept, score)) < 0.03
    assert list(tmp_path.iterdir()) == []
