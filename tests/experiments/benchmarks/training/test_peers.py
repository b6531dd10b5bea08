import pytest

pytest.importorskip("torch")

from experiments.benchmarks.training import cases
from experiments.benchmarks.training.peers import ssah as ssah_peer
from experiments.benchmarks.training.peers import uch as uch_peer
from experiments.benchmarks.training.peers import ugach as ugach_peer
from tests.experiments.benchmarks.training import one_step

SETTINGS = cases.SETTINGS
UGACH_PLAYERS = {
    "pretrain": {"discriminator"},
    "discriminator": {"discriminator"},
    "generator": {"generator"},
    "adversarial": {"discriminator", "generator"},
}


@pytest.fixture(scope="module")
def data():
    return cases.made_up_data(one_step.SIZES)


@pytest.mark.parametrize("kind", UGACH_PLAYERS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_of_ugach_is_the_same(setting, kind, data, tmp_path):
    (case,) = [
        case
        for case in one_step.small_cases("ugach", setting)
        if kind in case.epochs
    ]

    moved = one_step.check(case, kind, data, tmp_path, ugach_peer.UGACHPeer)

    assert moved == UGACH_PLAYERS[kind]


@pytest.mark.parametrize("setting", SETTINGS)
def test_an_iteration_of_uch_is_the_same(setting, data, tmp_path):
    (case,) = one_step.small_cases("uch", setting)

    moved = one_step.check(
        case, "algorithm_1", data, tmp_path, uch_peer.UCHPeer
    )

    assert len(moved) == 8


@pytest.mark.parametrize("kind", ("labnet", "imgnet", "txtnet"))
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_of_a_network_of_ssah_is_the_same(setting, kind, data, tmp_path):
    (case,) = one_step.small_cases("ssah", setting)

    moved = one_step.check(case, kind, data, tmp_path, ssah_peer.SSAHPeer)

    assert moved == {kind}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_of_ssahs_discriminators_is_the_same(setting, data, tmp_path):
    (case,) = one_step.small_cases("ssah", setting)

    moved = one_step.check(
        case, "discriminators", data, tmp_path, ssah_peer.SSAHPeer
    )

    assert moved == {"discriminator"}


def test_losses_that_a_peer_does_not_have_are_refused(data, tmp_path):
    (case, _) = one_step.small_cases("ugach", "default")
    case = one_step.small(case, discriminator_loss="log")
    model, _, _ = one_step.prepared(case, "pretrain", data, tmp_path)

    with pytest.raises(ValueError, match="discriminator_loss 'hinge' only"):
        ugach_peer.UGACHPeer(model, data)
