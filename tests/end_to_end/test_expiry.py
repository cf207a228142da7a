"""What has expired is never shown, though TTL removes items days late (and moto never)."""

import pytest

from tests.end_to_end.backend import Backend
from tests.end_to_end.questions import EVERY, S, around, shop
from tests.engines import FACTS_TABLE, VIEWS_TABLE

DAY_S = 24 * 3600
RETENTION_DAYS = 1  # dynamo_blocks keeps facts for a day


@pytest.fixture
def backend(dynamodb, clock) -> Backend:
    """Traces that were posted and sealed at noon, and after that nothing."""
    kept = Backend(dynamodb, clock=clock, retention_days=RETENTION_DAYS)
    for post in shop():
        assert kept.post(post).status == 200
    kept.index()
    kept.seal(8)
    kept.noon = around(clock.at_ns)
    return kept


def items(dynamodb, table: str) -> int:
    return dynamodb.client().scan(TableName=table)["Count"]


def test_after_the_retention_every_question_about_then_is_answered_with_nothing(backend, dynamodb, clock):
    shown = [backend.get(question + backend.noon) for question in EVERY]
    assert all(reply.status == 200 for reply in shown)
    held = items(dynamodb, FACTS_TABLE), items(dynamodb, VIEWS_TABLE)
    clock.advance_s(RETENTION_DAYS * DAY_S)
    assert (items(dynamodb, FACTS_TABLE), items(dynamodb, VIEWS_TABLE)) == held
    for question in EVERY:
        reply = backend.get(question + backend.noon)
        assert reply.status in {200, 404}
        assert b"of shop" not in reply.body, question
        assert b"GET shop" not in reply.body, question


def test_views_that_outlive_their_facts_lead_to_nothing(backend, clock):
    """Views written by an earlier, longer retention: candidates whose blocks have expired are passed over."""
    longer = Backend(backend._connection, clock=clock, retention_days=10)
    longer.index()
    longer.seal(8)
    clock.advance_s(DAY_S - 1200)
    for question in ("/v1/search?", "/v1/search?q={status=error}&", "/tempo/api/search?q={}&"):
        assert b"GET shop" in longer.get(question + backend.noon).body
    clock.advance_s(2 * 1200)
    for question in ("/v1/search?", "/v1/search?q={status=error}&", "/tempo/api/search?q={}&"):
        reply = longer.get(question + backend.noon)
        assert reply.status == 200
        assert b"shop" not in reply.body
    series = longer.get("/v1/metrics/query?q={}|count_over_time()&step=60&" + backend.noon).json()["series"]
    assert not any(sample[1] for each in series for sample in each["samples"])


def test_a_seal_after_the_facts_have_gone_counts_none_of_them(backend, clock):
    late = Backend(backend._connection, clock=clock, retention_days=10)
    clock.advance_s(DAY_S)
    late.index()
    late.seal(8)
    end_s = clock.at_ns // S
    told = late.get(f"/v1/services?start={end_s - 2 * DAY_S}&end={end_s}").json()
    assert told["services"] == []
