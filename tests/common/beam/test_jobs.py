import sys

import pytest

from common.beam import jobs


def test_without_beam_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)

    with pytest.raises(ImportError, match=r"cross-modal-hashing\[beam\]"):
        jobs.check(())


def test_several_workers_are_processes_of_the_direct_runner():
    alone = jobs.options(1, ["--job_name=a"])
    pair = jobs.options(2, ["--job_name=a"])

    assert alone[-1] == "--job_name=a"
    assert pair == [
        *alone,
        "--direct_running_mode=multi_processing",
        "--direct_num_workers=2",
    ]
    # The runner of the user's choice counts its own.
    chosen = ["--job_name=a", "--runner=PortableRunner"]
    assert jobs.options(1, chosen)[-2:] == chosen
    with pytest.raises(ValueError, match="another runner has an option"):
        jobs.options(2, chosen)
    with pytest.raises(ValueError, match="Unknown argument 'image'"):
        jobs.options(1, ["image", "--job_name=a"])


@pytest.mark.parametrize(
    ("runner", "message"),
    [("NoSuch", "pipeline runner: NoSuch"), ("no.such.Runner", "named 'no'")],
)
def test_a_runner_that_is_not_there_is_refused_in_one_line(runner, message):
    pytest.importorskip("apache_beam", reason="the extra `beam`")

    with pytest.raises(ValueError, match=f"Beam refuses .*{message}") as error:
        jobs.check([f"--runner={runner}"])

    assert "\n" not in str(error.value)
