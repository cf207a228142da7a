import pytest

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Kind
from tests.actors import FULFILMENT, MS, named, span


@pytest.mark.parametrize(
    ("children", "self_ms"),
    [
        ([], 100),
        ([(10, 30), (50, 60)], 70),
        ([(10, 60), (40, 80)], 30),
        ([(10, 90), (20, 30)], 20),
        ([(-20, 10), (90, 300)], 80),
        ([(200, 300)], 100),
        ([(0, 100), (0, 100)], 0),
        ([(50, 50)], 100),
    ],
    ids=["none", "apart", "overlapping", "one in another", "over both ends", "afterwards", "covered", "no length"],
)
def test_self_time_is_what_no_child_covers(children, self_ms):
    root = span("root", at=(0, 100))
    trace = assemble([root, *(span(f"child {n}", parent=root, at=at) for n, at in enumerate(children))])
    assert named(trace.spans)["root"].self_time_ns == self_ms * MS


def test_a_consumer_elsewhere_takes_nothing_from_its_producer():
    send = span("send", at=(0, 100), kind=Kind.PRODUCER)
    process = span("process", parent=send, at=(20, 80), kind=Kind.CONSUMER, resource=FULFILMENT)
    assert named(assemble([send, process]).spans)["send"].self_time_ns == 100 * MS


def test_a_consumer_in_the_process_of_its_parent_is_work_like_any_other():
    """The invocation of a function, and in it the span that processes a batch."""
    invocation = span("invocation", at=(0, 100), kind=Kind.SERVER)
    process = span("process", parent=invocation, at=(20, 80), kind=Kind.CONSUMER)
    assert named(assemble([invocation, process]).spans)["invocation"].self_time_ns == 40 * MS
