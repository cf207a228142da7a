"""Log events of executions, as they come: in batches, twice, out of order, and some not at all."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.assembly.steps import assemble
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.codecs.step_functions import logs
from chalicelib.codecs.step_functions.logs import Memory, is_execution_event, read
from chalicelib.propagation import executions
from tests.codecs.step_functions.histories import ARN, History, logged, tree

EXPRESS = "arn:aws:states:eu-west-1:123456789012:express:orders:run-1:6a6c9f5e"


def story():
    history = History({"order": 1})
    history.task("Charge", "Failed", "Succeeded")
    history.add("PassStateEntered", name="Note")
    history.add("PassStateExited", name="Note")
    history.add("ExecutionSucceeded")
    return history


def spans_of(messages, memory=None):
    return to_spans(read(messages, memory).message)


def test_a_whole_execution_in_one_batch_gives_what_its_history_gives():
    history = story()
    assert tree(spans_of(logged(history.events))) == tree(history.spans())
    assert spans_of(logged(history.events)) == history.spans()


def test_an_express_execution_is_named_by_its_machine_and_its_own_arn():
    spans = spans_of(logged(story().events, EXPRESS))
    assert spans[0].trace_id == executions.trace_id(EXPRESS)
    assert spans[0].name == "orders"


@given(st.lists(st.integers(1, 11), max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_however_it_is_cut_and_repeated_the_spans_come_to_the_same(cuts, random, repeats):
    """A container that is told everything, in any batches, in order or not, and some of it again."""
    history = story()
    messages = logged(history.events)
    if repeats:
        random.shuffle(messages)
    bounds = [0, *sorted(cuts), len(messages)]
    batches = [messages[first:last] for first, last in pairwise(bounds)]
    memory, sent = Memory(), []
    for number, batch in enumerate(batches):
        again = batches[random.randrange(number + 1)] if repeats else []
        sent += spans_of(batch, memory) + spans_of(again, memory)
    shown = {span.span_id: span for span in assemble(history.spans()).spans}
    found = {span.span_id: span for span in assemble(sent).spans}
    if not repeats:
        assert {key: span.duration_ns for key, span in found.items()} == {
            key: span.duration_ns for key, span in shown.items()
        }
    assert shown.keys() <= found.keys()


def test_what_could_not_be_stored_is_given_again_when_the_batch_comes_again():
    messages, memory = logged(story().events), Memory()
    read(messages[:4], memory)
    assert spans_of(messages[4:8], memory) == spans_of(messages[4:8], memory) != []


def test_a_batch_gives_the_spans_that_it_changes_and_no_others():
    messages, memory = logged(story().events), Memory()
    assert tree(spans_of(messages[:2], memory)) == ["orders 1- running", ".Charge 2- running"]
    assert [span.name for span in spans_of(messages[2:9], memory)] == ["Charge", "Charge try 0", "Charge try 1"]
    assert [span.name for span in spans_of(messages[9:], memory)] == ["orders", "Note"]


def test_states_are_told_though_the_start_of_their_execution_is_not_known():
    spans = spans_of(logged(story().events)[1:9])
    assert [span.name for span in spans] == ["Charge", "Charge try 0", "Charge try 1"]
    assert spans[0].trace_id == executions.trace_id(ARN)
    assert spans[0].parent_id == story().spans()[0].span_id


def test_executions_are_told_apart():
    messages = logged(story().events) + logged(story().events, EXPRESS)
    assert len({span.trace_id for span in spans_of(messages)}) == 2


def test_an_ended_execution_is_forgotten_and_the_oldest_go_when_there_are_too_many():
    memory = Memory()
    read(logged(story().events), memory)
    assert memory.of(ARN) == {}
    started = logged(story().events[:1])[0]
    many = [started.replace("run-1", f"run-{n}") + " " * (logs.MAX_REMEMBERED_CHARACTERS // 4) for n in range(5)]
    read(many, memory)
    assert [bool(memory.of(ARN.replace("run-1", f"run-{n}"))) for n in range(5)] == [False, False, True, True, True]


def test_other_messages_are_rejected_one_by_one():
    messages = ["", "text", "{}", "[1]", "[" * 100_000, json.dumps({"execution_arn": "arn", "id": "1"})]
    decoded = read([*messages, *logged(story().events)])
    assert len(decoded.rejections) == len(messages)
    assert len(to_spans(decoded.message)) == 5


def test_execution_events_are_recognised_by_their_look():
    (message,) = logged(story().events[:1])
    assert is_execution_event(message)
    assert not any(map(is_execution_event, ["", "START RequestId: 1", '{"execution_arn": "a"}', "[]"]))


VALUES = st.none() | st.text(max_size=20) | st.integers() | st.dictionaries(st.text(max_size=4), st.text(max_size=4))


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "type", "details", "previous_event_id", "event_timestamp"]), VALUES)
    )
)
def test_nothing_is_raised_whatever_comes(told):
    read([json.dumps(each | {"execution_arn": ARN}) for each in told])
