import pytest

from experiments.papers import published
from experiments.papers import specs


@pytest.mark.parametrize(
    ("table", "data_set", "direction", "method", "bits", "value"),
    [
        ("ugach_1", "NUS-WIDE", "t2i", "SCM_seq", 32, 0.510),
        ("ugach_1", "NUS-WIDE", "i2t", "UGACH", 128, 0.631),
        ("ugach_2", "MIRFlickr", "i2t", "Baseline-GAN", 64, 0.651),
        ("uch_1", "IAPR TC-12", "t2i", "FSH", 64, 0.444),
        ("uch_2", "MIRFlickr-25K", "t2i", "UCH", 64, 0.668),
        ("uch_3", "IAPR TC-12", "i2t", "UGACH", 16, 0.439),
        ("ssah_2", "COCO", "i2t", "DCMH", 64, 0.527),
        ("ssah_3", "NUS-WIDE", "t2i", "SSAH", 64, 0.683),
        # Whatever the length, which the paper does not give.
        ("ssah_4", "NUS-WIDE-10k", "t2i", "SSAH", 64, 0.641),
        # UCH's tables end at 64 bits, and have no SePH.
        ("uch_1", "COCO", "i2t", "UCH", 128, None),
        ("uch_1", "COCO", "i2t", "SePH", 64, None),
    ],
)
def test_numbers_are_those_in_print(
    table, data_set, direction, method, bits, value
):
    found = published.map_all(table, data_set, direction, method, bits)

    assert found == value


def test_every_cell_of_a_published_table_has_its_number():
    for name, table in specs.TABLES.items():
        for data_set in published.data_sets(name):
            for direction in ("i2t", "t2i"):
                for row in table.rows:
                    for bits in table.lengths:
                        assert 0.3 < published.map_all(
                            name, data_set, direction, row.label, bits
                        )


def test_figures_were_published_without_numbers():
    assert published.data_sets("ugach_figure_2") == []
