"""What one invocation leaves to another."""

import json

import pytest

from chalicelib.model.errors import StoreError
from chalicelib.model.view import SYSTEM_TENANT
from chalicelib.views import messages
from chalicelib.views.work import perform
from tests.actors import NOON_NS
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, found_in
from tests.views.traffic import S, spans_of


@pytest.fixture
def pipeline():
    made = Pipeline(clock=Clock(NOON_NS))
    made.deliver([made.post(spans_of("one", ["a"], NOON_NS))])
    made.clock.advance_s(165)
    return made


@pytest.mark.parametrize(
    "work",
    [
        messages.SealWork(tenant=TENANT, window=NOON_NS // S, piece="-"),
        messages.TenantWork(tenant=TENANT, is_deep=False),
    ],
    ids=["a window", "a tenant"],
)
def test_what_is_asked_for_is_sealed_and_once_more_changes_nothing(pipeline, work):
    assert messages.decode(messages.encode(work)) == work
    for _ in range(2):
        perform(pipeline.services, messages.encode(work), pipeline.clock.deadline())
        assert len(found_in(pipeline.views, ("dig#",))) == 1


@pytest.mark.parametrize("message", [b"", b"{}", b'{"do": "dance"}', b'{"do": "seal", "tenant": "acme"}', b"\xff"])
def test_a_message_that_asks_for_nothing_known_is_a_dead_letter(pipeline, message):
    perform(pipeline.services, message, pipeline.clock.deadline())
    day = NOON_NS // S // 86400 * 86400
    [letter] = pipeline.views._views[SYSTEM_TENANT, f"dead#{day}"].values()
    assert json.loads(letter.body)["bytes"] == len(message)


def test_a_store_that_fails_is_told_so_that_the_message_comes_again(pipeline):
    message = messages.encode(messages.SealWork(tenant=TENANT, window=NOON_NS // S, piece="-"))
    with pytest.raises(StoreError):
        perform(pipeline.services, message, pipeline.clock.deadline(in_s=0))
