from itertools import permutations

import pytest

from chalicelib.codecs.cloudwatch_logs.invocations import Unfinished, closed, unfinished
from chalicelib.codecs.cloudwatch_logs.platform import find_verdict
from chalicelib.codecs.function_lines.reading import read
from chalicelib.model.span import StatusCode
from tests.clocks import NOON_NS
from tests.function_lines import EXITED, INVOCATION, KILLED, MS, REQUEST, TIMED_OUT, end, made, report, start

NOON_MS = NOON_NS // MS
DEATH_MS = NOON_MS + 3000


def left(*messages: str | tuple[str, int]) -> list[Unfinished]:
    """What these lines leave open; each at DEATH_MS, or at its own time."""
    timed = [message if isinstance(message, tuple) else (message, DEATH_MS) for message in messages]
    lines = [read(text) for text, _ in timed if "__spanfold" in text]
    verdicts = [find_verdict(text, at_ms) for text, at_ms in timed if "__spanfold" not in text]
    return unfinished([line for line in lines if line], [verdict for verdict in verdicts if verdict])


def test_an_invocation_that_began_and_ended_leaves_nothing():
    assert left(start(), end(), report()) == []


def test_one_that_only_began_is_left_open():
    [one] = left(start())
    assert (one.request_id, [span.span_id for span in one.opened]) == (REQUEST, [INVOCATION])
    assert closed([one]) == []


def test_one_that_timed_out_is_closed_when_the_platform_said_so():
    [span] = closed(left(start(), TIMED_OUT))
    assert (span.start_ns, span.end_ns) == (NOON_NS, NOON_NS + 3_000 * MS)
    assert (span.status_code, span.status_message) == (StatusCode.ERROR, "timed out after 3000.0 ms")
    assert span.attributes["error.type"] == "timeout"
    assert span.attributes["spanfold.closed_by"] == "platform log"
    assert span.attributes["aws.lambda.billed_duration_ms"] == 3000
    assert span.attributes["aws.lambda.max_memory_used_mb"] == 64
    assert span.attributes["aws.lambda.init_duration_ms"] == 250.12
    assert span.resource.service_name == "checkout"


@pytest.mark.parametrize(
    ("lines", "error_type"),
    [
        ((report(), KILLED), "out_of_memory"),
        ((report(), EXITED), "exit"),
        ((report("error\tError Type: Runtime.OutOfMemory"),), "out_of_memory"),
        ((report("timeout"), EXITED), "timeout"),  # killed because its time was over
        ((report("error\tError Type: Extension.Crash"), EXITED), "Extension.Crash"),
    ],
)
def test_of_several_lines_about_one_death_the_surest_names_it(lines, error_type):
    for order in permutations(lines):
        [span] = closed(left(start(), *order))
        assert span.attributes["error.type"] == error_type
        assert span.attributes["aws.lambda.memory_size_mb"] == 128


def test_a_death_that_nobody_began_and_one_of_somebody_elses_close_nothing():
    assert closed(left(TIMED_OUT)) == []
    [mine, other] = left(start(), report("timeout", request="other"))
    assert closed([mine]) == []
    assert other.request_id == "other"


def test_a_function_that_sent_its_spans_before_it_was_killed_is_not_closed_again():
    assert left(start(), end(), TIMED_OUT) == []
    [late] = left(end(), TIMED_OUT)
    [before] = left(start())
    assert closed([before, late]) == []


def test_spans_that_were_sent_open_are_closed_with_their_invocation():
    """The last thing a function says before its time is over: what it was doing."""
    invocation = made(took_ms=None, **{"http.route": "/orders"})
    hanging = made("query", span_id="a" * 16, parent_id=INVOCATION, at_ms=100, took_ms=None)
    deeper = made("connect", span_id="b" * 16, parent_id="a" * 16, at_ms=101, took_ms=None)
    done = made("lookup", span_id="c" * 16, parent_id=INVOCATION, at_ms=5, took_ms=2)
    spans = closed(left(start(), end(invocation, hanging, deeper, done), TIMED_OUT))
    assert [(span.name, span.end_ns - NOON_NS) for span in spans] == [
        ("checkout", 3000 * MS),
        ("query", 3000 * MS),
        ("connect", 3000 * MS),
    ]
    assert spans[0].attributes["http.route"] == "/orders"  # of two open versions the fuller
    assert "aws.lambda.duration_ms" not in spans[1].attributes


def test_a_verdict_is_about_the_latest_attempt_that_began_before_it():
    """Lambda repeats an asynchronous invocation under the same request id."""
    first = start(made(took_ms=None))
    second = start(made(span_id="2" * 16, at_ms=60_000, took_ms=None))
    verdicts = [(TIMED_OUT, DEATH_MS), (EXITED, NOON_MS + 61_000)]
    [whole] = left(first, second, *verdicts)
    assert [(span.span_id, span.attributes["error.type"], span.end_ns - NOON_NS) for span in closed([whole])] == [
        (INVOCATION, "timeout", 3000 * MS),
        ("2" * 16, "exit", 61_000 * MS),
    ]
    [again] = left(first, second, verdicts[1])
    assert [span.span_id for span in closed([again])] == ["2" * 16]


def test_a_retry_that_began_after_the_verdict_leaves_the_verdict_to_the_attempt_before():
    [one] = left(start(made(span_id="2" * 16, at_ms=60_000, took_ms=None)), (TIMED_OUT, DEATH_MS))
    assert not one.is_whole
    assert closed([one]) == []


def test_parts_in_any_order_and_repeated_close_the_same():
    parts = [left(start())[0], left(TIMED_OUT)[0], left(KILLED)[0]]
    expected = closed(parts)
    assert len(expected) == 1
    for order in permutations([*parts, parts[0], parts[2]]):
        assert closed(order) == expected


def test_a_clock_that_is_ahead_makes_no_span_end_before_it_began():
    [span] = closed(left(start(made(at_ms=0.9, took_ms=None)), (TIMED_OUT, NOON_MS)))
    assert span.end_ns == span.start_ns


def test_lines_of_other_writers_have_no_invocation():
    assert left(end(made(took_ms=None), request="")) == []
