from experiments.papers import styles


def test_own_methods_stand_out_and_labels_are_dashed():
    found = styles.of(["CVH", "UGACH", "SePH", "SSAH"], ["SePH", "SSAH"])

    assert set(found) == {"CVH", "UGACH", "SePH", "SSAH"}
    thick = {name for name, look in found.items() if look["linewidth"] > 2}
    dashed = {name for name, look in found.items() if look["linestyle"] == "--"}
    assert thick == {"UGACH", "SSAH"}
    assert dashed == {"SePH", "SSAH"}
    assert found["CVH"]["marker"] != found["SePH"]["marker"]
