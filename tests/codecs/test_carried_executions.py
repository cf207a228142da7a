"""Log events of state machines among what a subscription delivers."""

import json

from chalicelib.codecs.carried import Limits, read_carried
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.codecs.step_functions.logs import Memory
from tests.codecs.step_functions.histories import History, logged, tree
from tests.function_lines import end
from tests.functions.events import subscription

LIMITS = Limits(1 << 20, 32)


def messages():
    history = History({"order": 1})
    history.task("Charge", "Failed", "Succeeded")
    history.add("ExecutionSucceeded")
    return logged(history.events), history


def spans_of(lines, memory=None):
    carried = read_carried(json.dumps(subscription(*lines)).encode(), LIMITS, memory)
    return [span for post in carried.posts for span in to_spans(post.message)]


def test_an_execution_in_a_delivery_becomes_spans_beside_those_of_functions():
    lines, history = messages()
    assert tree(spans_of(lines)) == tree(history.spans())
    assert len(spans_of([*lines, end(), "a user's own line"])) == len(history.spans()) + 1


def test_deliveries_to_one_container_complete_each_other():
    lines, history = messages()
    memory = Memory()
    cut = len(lines) // 2
    came = {span.span_id: span for part in (lines[:cut], lines[cut:]) for span in spans_of(part, memory)}
    assert sorted(came) == sorted(span.span_id for span in history.spans())
    assert all(span.end_ns for span in came.values())


def test_what_only_looks_like_an_event_of_an_execution_is_passed_over():
    assert spans_of(['{"execution_arn": 7}', 'about "execution_arn" and "previous_event_id"']) == []
