import json
import time

import numpy as np
import pytest

from common.hamming import exchange
from common.runs import exported

pytest.importorskip("apache_beam", reason="the extra `beam`")


@pytest.fixture(scope="module")
def shards(data, tmp_path_factory):
    """The data's images in four files, row 33 of them poisoned."""
    folder = tmp_path_factory.mktemp("shards")
    images = data.image.copy()
    images[33, 5] = np.nan
    for number, part in enumerate(np.array_split(images, 4)):
        np.save(folder / f"image-{number}.npy", part)
    return folder


@pytest.fixture
def encode(command, finished, shards, tmp_path):
    """Runs the command and returns what it says and `encode.json`."""

    def encode(*more, output="made"):
        code, said, errors = command(
            "beam_encode",
            f"--run={finished}",
            f"--features={shards}/image-*.npy",
            f"--output_dir={tmp_path / output}",
            *more,
        )
        assert code == 0, errors
        return said, json.loads((tmp_path / output / "encode.json").read_text())

    return encode


def test_all_runners_leave_the_codes_of_the_model(
    encode, portable, finished, data, tmp_path
):
    _, alone = encode()
    _, pair = encode("--workers=2", output="pair")
    said, pool = encode(*portable, output="pool")

    assert pair == alone
    assert pool == alone
    assert said == (
        "119 codes of 12 bits from 4 shards, 1 dead letters\n"
        f"SHA-256 {alone['codes_sha256']}\n"
    )
    good = np.delete(np.arange(120), 33)
    expected = exported.load(finished / "saved_model", 12).image_codes(
        data, good
    )
    for output in ("made", "pair", "pool"):
        index = exchange.read_parquet(tmp_path / output / "codes", 12)["image"]
        np.testing.assert_array_equal(index.ids, good)
        np.testing.assert_array_equal(index.codes.rows, expected.rows)
        (letters,) = (tmp_path / output).glob("dead_letters-*")
        assert json.loads(letters.read_text()) == {
            "shard": "image-1.npy",
            "row": 3,
            "rows": 1,
            "reason": "it holds NaN or an infinite value",
        }


def test_a_killed_job_goes_on_with_the_shards_that_are_missing(
    encode, start, finished, shards, tmp_path
):
    process = start(
        "beam_encode",
        f"--run={finished}",
        f"--features={shards}/image-*.npy",
        f"--output_dir={tmp_path / 'made'}",
    )
    records = tmp_path / "made" / "shards"
    while not list(records.glob("*.json")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    # However far it came, this one is missing.
    (records / "image-3.json").unlink(missing_ok=True)
    codes = tmp_path / "made" / "codes"
    done = [codes / f"{path.stem}.parquet" for path in records.iterdir()]
    ages = {path: path.stat().st_mtime_ns for path in done}

    _, made = encode()

    assert ages
    assert made["encoded"] == 119
    for path, age in ages.items():
        assert path.stat().st_mtime_ns == age
    assert (records / "image-3.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (("word",), "Unknown argument 'word'"),
        (
            ("--workers=2", "--", "--runner=PortableRunner"),
            "--workers counts processes of the DirectRunner",
        ),
        (("--", "--runner=NoSuch"), "Apache Beam refuses its options"),
    ),
)
def test_what_does_not_fit_is_told_in_one_sentence(
    arguments, message, command, tmp_path
):
    code, _, errors = command(
        "beam_encode", "--features=x", f"--output_dir={tmp_path}", *arguments
    )

    assert code == 1
    assert errors.startswith(f"Error: {message}")
    assert errors.count("\n") == 1
