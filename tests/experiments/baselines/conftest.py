import numpy as np
import pytest
import threadpoolctl

from experiments.baselines import method


@pytest.fixture(autouse=True)
def one_thread():
    """Small products are slow where threads wait for a core."""
    with threadpoolctl.threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def pairs(data):
    """The clustered toy data: 120 items, 12 by 15 features, 3 classes."""
    return method.read_pairs(data, np.arange(len(data)))


@pytest.fixture
def reported():
    """A report that keeps the objective of every round."""

    class Reported(list):
        def __call__(self, done, total, objective=None):
            self.append(objective)

    return Reported()
