"""docs/triggers.md says what the triggers do: held against the table in code and against every source's event."""

import re
from pathlib import Path

import pytest

from chalicelib.propagation.triggers import budget, carriers, others, recognise
from chalicelib.propagation.triggers.envelopes import INFERRED
from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.untrusted import MAX_ID_CHARS
from tests.propagation.triggers import events

PAGE = (Path(__file__).parents[3] / "docs" / "triggers.md").read_text(encoding="utf-8")
ROWS = {
    kind: cells
    for kind, *cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.partition("## Sources")[2].partition("## ")[0].splitlines()
        if line.startswith("| `")
    )
}
KINDS = {
    *(kind for kind, _, _ in recognise.EVENTS),
    *(kind for kind, _, _ in recognise.BATCHES.values()),
    *(kind for kind, _, _ in others.SHAPES),
    *recognise.FURTHER,
}
NOTHING = "\N{EN DASH}"
EVERYWHERE = {"lambda", "xray"}
INSIDE = {"sns", "eventbridge", "s3", "s3-request", "lambda-result", "kinesis", "dynamodb", "states"}  # of bodies


def everything_of(kind):
    """The triggers of the kind's events, and their records."""
    for build in events.GOOD[kind]:
        trigger = recognise.recognise(build(), Invoked("request-1"))
        yield from (trigger, *trigger.records)


def test_every_kind_has_a_row_and_an_event():
    assert {kind.strip("`") for kind in ROWS} == KINDS == set(events.GOOD)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_row_of_a_kind_is_true(kind):
    faas_trigger, _, known_as, inferred = ROWS[f"`{kind}`"]
    found = list(everything_of(kind))
    assert {each.faas_trigger for each in found if hasattr(each, "faas_trigger")} == {faas_trigger}
    if kind == "pipes":
        return
    seen = {name.partition(":")[0] for each in found for name in each.joins} - EVERYWHERE
    said = set(re.findall(r"`([a-z0-9-]+):<", known_as))
    assert said - EVERYWHERE <= seen <= said | (INSIDE if kind in {"sqs", "sns", "eventbridge"} else set())
    spans = [span.name for each in found for span in each.inferred if span.attributes[INFERRED] == kind]
    assert bool(spans) == (not inferred.startswith(NOTHING))
    word = re.match(r"`([a-z]+) ", inferred)
    assert all(name.startswith(word[1]) for name in spans if word)


def test_every_attribute_of_our_own_is_described():
    used = {key for kind in KINDS for each in everything_of(kind) for key in each.attributes}
    described = set(re.findall(r"`(spanfold\.[a-z_.]+)`", PAGE.partition("## Attributes of our own")[2]))
    seldom = {"spanfold.replay", "spanfold.dynamodb.expired", INFERRED}  # not in the plain events
    assert {key for key in used if key.startswith("spanfold.")} == described - seldom


def test_the_limits_are_those_of_the_code():
    limits = PAGE.partition("## Limits")[2]
    assert (budget.MAX_EVENT_CHARS, budget.MAX_BODY_CHARS) == (1024 * 1024, 256 * 1024)
    for number in (budget.MAX_DEPTH, budget.MAX_WIDTH, carriers.MAX_PLACES, f"{MAX_ID_CHARS:,}"):
        assert re.search(rf"\b{number}\b", limits), number
    assert carriers.MAX_VALUE_CHARS == 16 * 1024
