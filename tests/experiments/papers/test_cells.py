import pytest

from experiments.papers import cells
from experiments.papers import specs


def _settings(name, method):
    rows = [row for row in specs.TABLES[name].rows if row.label == method]
    return cells._method(cells.Cell(rows[0], 16, 0))[1]


@pytest.mark.parametrize("name", specs.TABLES)
def test_every_row_is_a_training_of_its_own(name):
    planned = cells.plan(specs.TABLES[name], (16, 32), 2, False)

    for cell in planned:
        cells._method(cell)
    assert len({cell.folder for cell in planned}) == len(planned)


def test_a_method_without_draws_has_one_cell_for_each_length():
    planned = cells.plan(specs.TABLES["all"], (16, 32), 3, False)

    seeds = {"CVH": 0, "PDH": 0, "SCM_seq": 0, "FSH": 0, "UCH": 0}
    for cell in planned:
        if cell.row.label in seeds:
            seeds[cell.row.label] += 1
    assert seeds == {"CVH": 2, "PDH": 2, "SCM_seq": 2, "FSH": 6, "UCH": 6}


def test_methods_that_learn_from_labels():
    learn = {
        row.label for row in specs.TABLES["all"].rows if cells.supervised(row)
    }

    assert learn == {"CMSSH", "SCM_orth", "SCM_seq"} | {
        *("SePH", "DCMH", "ACMR", "SSAH")
    }


def test_a_sweep_changes_one_weight():
    default = _settings("ssah_figure_2", "alpha x 1")
    changed = _settings("ssah_figure_2", "eta x 10")

    # The default of the quantisation's weight is .3.
    assert changed.quantization_weight == pytest.approx(3.0)
    assert changed.classification_weight == default.classification_weight


def test_a_quick_cell_has_one_round_and_a_folder_of_its_own():
    row = specs.Row("SSAH", "SSAH")
    slow, quick = (cells.Cell(row, 16, 0, flag) for flag in (False, True))

    _, settings = cells._method(quick)

    assert (settings.rounds, settings.first_labnet_epochs) == (1, 1)
    assert slow.folder != quick.folder


def test_tables_share_equal_trainings():
    first = cells.plan(specs.TABLES["ugach_1"], (128,), 1, False)
    second = cells.plan(specs.TABLES["ugach_figure_2"], (128,), 1, False)

    assert {c.folder for c in first} == {c.folder for c in second}


def test_variants_are_their_methods_own_settings():
    _, settings = cells._method(
        cells.Cell(specs.Row("SSAH-1", "SSAH-1"), 16, 0)
    )

    assert (settings.labnet, settings.bits) == (False, 16)


def test_a_finished_cell_that_cannot_be_this_one_is_a_failure_of_its_own(
    toy, tmp_path
):
    cell = cells.Cell(
        specs.Row("UGACH", "UGACH", (("batch_size", 10_000),)), 16, 0
    )
    (tmp_path / cell.folder).mkdir()
    (tmp_path / cell.folder / "metrics.json").write_text("{}")

    found = list(cells.train_all([cell], toy, tmp_path, 1))

    # The default's batches need more than the 100 training items.
    failure = "batch_size must be at most 100 with 100 training rows"
    assert found[0][0] == cell
    assert found[0][1]["failure"].startswith(failure)


def test_a_cell_that_wants_too_much_memory_is_a_failure_of_its_own(
    toy, tmp_path
):
    row = specs.Row("CMSSH", "CMSSH", (("pairs", 10**15),))

    ((_, outcome),) = cells.train_all([cells.Cell(row, 8, 0)], toy, tmp_path, 1)

    assert outcome["failure"].startswith("Unable to allocate")
