import io

import pytest
from PIL import Image

from common.runs import finished as finished_runs
from experiments import serve as services
from tests import service_runs


@pytest.fixture(scope="session")
def photographs_run(tmp_path_factory):
    """Folder of a finished run on pictures; only read."""
    return service_runs.make(tmp_path_factory.mktemp("photographs"))


@pytest.fixture(scope="session")
def finished(photographs_run):
    return finished_runs.open_run(photographs_run)


@pytest.fixture
def opened(finished, tmp_path):
    """Opens services on one store, one after the other."""
    running = []

    def opened(**settings):
        while running:
            running.pop().close()
        store = services.Store(tmp_path / "items.sqlite", "photographs")
        running.append(services.Service(finished, store, **settings))
        return running[-1]

    yield opened
    while running:
        running.pop().close()


@pytest.fixture
def service(opened):
    return opened()


@pytest.fixture(scope="session")
def flower(photographs_run):
    """Content of a picture file that the run has, of a flower."""
    return (photographs_run.parent / "photos" / "flower2.png").read_bytes()


@pytest.fixture(scope="session")
def png():
    """Makes PNG files of one colour."""

    def png(*size, colour="red"):
        buffer = io.BytesIO()
        Image.new("RGB", size, colour).save(buffer, "PNG")
        return buffer.getvalue()

    return png
