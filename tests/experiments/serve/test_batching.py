import threading

import pytest

from experiments.serve import batching


@pytest.fixture
def gate():
    """Holds up the first batch until it is set."""
    return threading.Event()


@pytest.fixture
def batches(gate):
    return []


@pytest.fixture
def batcher(gate, batches):
    def answer(questions):
        batches.append(list(questions))
        if len(batches) == 1:
            gate.wait()
        if "all fail" in questions:
            raise OSError("all fail")
        return [
            ValueError(one) if one == "fails" else f"{one}!"
            for one in questions
        ]

    made = batching.Batcher(answer, most=3, waiting=5)
    yield made
    gate.set()
    made.close()


def _ask_first(batcher, batches):
    first = batcher.ask("first")
    while not batches:
        pass
    return first


def test_what_is_asked_meanwhile_is_answered_together(batcher, gate, batches):
    first = _ask_first(batcher, batches)
    others = [batcher.ask(str(number)) for number in range(4)]
    gate.set()

    assert first.result() == "first!"
    assert [one.result() for one in others] == ["0!", "1!", "2!", "3!"]
    assert batches == [["first"], ["0", "1", "2"], ["3"]]


def test_a_question_that_fails_leaves_the_others_alone(batcher, gate, batches):
    first = _ask_first(batcher, batches)
    bad, good = batcher.ask("fails"), batcher.ask("good")
    gate.set()

    with pytest.raises(ValueError, match="fails"):
        bad.result()
    assert (first.result(), good.result()) == ("first!", "good!")


def test_after_a_batch_that_fails_the_next_is_answered(batcher, gate):
    gate.set()
    with pytest.raises(OSError, match="all fail"):
        batcher.ask("all fail").result()

    assert batcher.ask("next").result() == "next!"


def test_who_gave_up_is_passed_over(batcher, gate, batches):
    _ask_first(batcher, batches)
    gone, other = batcher.ask("gone"), batcher.ask("other")
    assert gone.cancel()
    gate.set()

    assert other.result() == "other!"
    assert batches[1] == ["other"]


def test_too_many_that_wait_are_refused(batcher, batches):
    _ask_first(batcher, batches)
    for number in range(5):
        batcher.ask(number)

    with pytest.raises(batching.BusyError, match="ask again"):
        batcher.ask("one more")


def test_what_was_asked_before_the_end_is_answered(gate):
    made = batching.Batcher(lambda asked: asked)
    futures = [made.ask(number) for number in range(50)]

    made.close()

    assert [one.result(timeout=0) for one in futures] == list(range(50))
