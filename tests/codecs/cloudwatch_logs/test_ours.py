import json

import pytest

from chalicelib.codecs.cloudwatch_logs.ours import MAX_PIECES, bears_marker, candidates, unwrapped
from chalicelib.codecs.cloudwatch_logs.subscription import LogEvent
from chalicelib.codecs.function_lines.reading import read
from tests.function_lines import REQUEST, end

OURS = end()


def events(*messages: str) -> list[LogEvent]:
    return [LogEvent(str(number), number, message) for number, message in enumerate(messages)]


@pytest.mark.parametrize(
    "message",
    [
        OURS,
        OURS + "\n",
        f"[INFO]\t2026-01-01T12:00:00.000Z\t{REQUEST}\t{OURS}\n",
        f"2026-01-01T12:00:00.000Z\t{REQUEST}\tINFO\t{OURS}\n",
        json.dumps({"timestamp": "2026-01-01T12:00:00Z", "level": "INFO", "message": OURS, "requestId": REQUEST}),
        json.dumps({"timestamp": "2026-01-01T12:00:00Z", "level": "INFO", "message": json.loads(OURS)}),
        json.dumps({"time": "2026-01-01T12:00:00Z", "type": "function", "record": OURS + "\n"}),
        json.dumps({"time": "2026-01-01T12:00:00Z", "type": "function", "record": {"message": OURS}}),
    ],
)
def test_a_line_of_ours_is_found_in_whatever_a_log_wrapped_it(message):
    [text] = candidates(events(message), 0)
    line = read(text)
    assert line is not None
    assert line.request_id == REQUEST


@pytest.mark.parametrize(
    "message",
    [
        json.dumps({"message": "got", "event": {"Records": [{"body": OURS}]}}),
        json.dumps({"message": {"Records": [{"body": OURS}]}}),
        "documented under __spanfold",
        json.dumps("__spanfold"),
        json.dumps({"message": {"message": {"message": {"message": json.loads(OURS)}}}}),
    ],
)
def test_a_users_own_line_that_has_ours_somewhere_inside_is_left_alone(message):
    assert bears_marker(message)
    assert [read(text) for text in candidates(events(message), 0)] == [None]


def test_what_was_cut_into_pieces_is_joined_in_order():
    third = len(OURS) // 3
    cut = events("before", OURS[:third] + "\n", OURS[third : 2 * third], OURS[2 * third :] + "\n", "after }")
    tried = list(candidates(cut, 1))
    assert OURS in tried
    assert tried[0] == OURS[:third]


def test_joining_ends_with_the_next_line_of_ours_and_after_so_many_pieces():
    assert list(candidates(events(OURS[:50], "}", OURS, "}"), 0)) == [OURS[:50], OURS[:50] + "}"]
    assert len(list(candidates(events(OURS[:50], *["}"] * 100), 0))) == MAX_PIECES


def test_no_wrapping_is_too_deep_to_be_given_up():
    message = '{"message":' * 3000 + '"__spanfold"' + "}" * 3000
    assert unwrapped(message) == message
