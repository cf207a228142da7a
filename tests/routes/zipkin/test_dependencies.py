"""What Zipkin's dependency page asks, and hears when it asks wrongly."""

import pytest

NOW_MS = 1_767_268_800_000


def ask(client, **parameters):
    return client.get("/zipkin/api/v2/dependencies?" + "&".join(f"{key}={value}" for key, value in parameters.items()))


def test_where_nothing_was_sealed_there_are_no_links(client):
    reply = ask(client, endTs=NOW_MS, lookback=60_000)
    assert (reply.status, reply.body) == (200, b"[]")
    assert reply.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "endTs is required"),
        ({"endTs": ""}, "endTs is required"),
        ({"endTs": 0}, "endTs <= 0"),
        ({"endTs": -5}, "endTs <= 0"),
        ({"endTs": "noon"}, "endTs 'noon' is not a number"),
        ({"endTs": NOW_MS, "lookback": 0}, "lookback <= 0"),
        ({"endTs": NOW_MS, "lookback": "1d"}, "lookback '1d' is not a number"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_a_line_of_text(client, parameters, said):
    reply = ask(client, **parameters)
    assert (reply.status, reply.body.decode()) == (400, said)


@pytest.mark.parametrize("huge", [10**17, 10**18 - 1])
def test_any_number_is_a_moment(client, huge):
    assert ask(client, endTs=huge, lookback=huge).status == 200
    assert ask(client, endTs=1, lookback=huge).status == 200
