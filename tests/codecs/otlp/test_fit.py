"""Cutting what is too big for a block, and saying so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.envelopes import resource_envelope, scope_envelope
from chalicelib.codecs.otlp.fit import ENVELOPE_BYTES, LONE_PAYLOAD_BYTES, Cutter
from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, ResourceSpans, ScopeSpans, Span
from tests.codecs.otlp.actors import attributes, sent_by, span

HUGE = 500_000


def cut(big: Span, envelope_bytes: int = 0) -> tuple[Span, int]:
    cutter = Cutter()
    fitted = cutter.fit_span(big.SerializeToString(), envelope_bytes)
    assert len(fitted) <= LONE_PAYLOAD_BYTES - envelope_bytes
    return Span.FromString(fitted), cutter.cuts


def marks(pairs: list[KeyValue]) -> list[str]:
    [mark] = [pair for pair in pairs if pair.key == "spanfold.cut"]
    return [value.string_value for value in mark.value.array_value.values]


def with_attributes(**pairs: str | bytes) -> Span:
    big = span()
    big.attributes.extend(attributes(**pairs))
    return big


def test_a_span_that_fits_is_left_alone_to_the_byte():
    fits = with_attributes(body="x" * 300_000).SerializeToString()
    assert Cutter().fit_span(fits, 1000) is fits


def test_the_largest_value_gives_way_and_the_rest_stays():
    fitted, cuts = cut(with_attributes(first="a" * 50_000, body="x" * HUGE, last="z"))
    kept = {pair.key: pair.value.string_value for pair in fitted.attributes}
    assert (kept["first"], kept["last"]) == ("a" * 50_000, "z")
    assert 250_000 < len(kept["body"]) < LONE_PAYLOAD_BYTES
    assert marks(fitted.attributes) == ["attributes/body: 500000"]
    assert cuts == 1


def test_bytes_are_cut_too():
    fitted, cuts = cut(with_attributes(body=b"\xff" * HUGE))
    assert set(fitted.attributes[0].value.bytes_value) == {0xFF}
    assert cuts == 1


@pytest.mark.parametrize("shift", range(4))
def test_text_is_cut_between_characters(shift):
    fitted, _ = cut(with_attributes(body="x" * shift + "🙂" * 125_000))
    kept = fitted.attributes[0].value.string_value
    assert set(kept[shift:]) == {"🙂"}


def test_an_exception_with_a_huge_stack_trace_keeps_its_beginning():
    big = span(events=[Span.Event(name="exception", attributes=attributes(**{"exception.stacktrace": "at " * HUGE}))])
    fitted, _ = cut(big)
    assert fitted.events[0].attributes[0].value.string_value.startswith("at at ")
    assert marks(fitted.attributes) == ["events[0]/attributes/exception.stacktrace: 1500000"]


def test_links_and_nested_values_are_cut_where_they_are():
    nested = AnyValue()
    nested.kvlist_value.values.add(key="inner").value.array_value.values.add(string_value="x" * HUGE)
    big = span(
        attributes=[KeyValue(key="outer", value=nested)], links=[Span.Link(attributes=attributes(why="y" * HUGE))]
    )
    fitted, cuts = cut(big)
    assert sorted(marks(fitted.attributes)) == ["attributes/outer/inner: 500000", "links[0]/attributes/why: 500000"]
    assert cuts == 2


@pytest.mark.parametrize("field", ["name", "trace_state"])
def test_a_huge_name_or_trace_state_is_cut_after_every_attribute(field):
    fitted, _ = cut(span(**{field: "n" * HUGE}, attributes=attributes(small="s" * 1000)))
    assert marks(fitted.attributes)[0] == "attributes/small: 1000"
    assert marks(fitted.attributes)[1] == f"{field}: 500000"


def test_a_huge_status_message_parent_id_or_key_is_cut():
    big = span(parent_span_id=b"p" * HUGE, attributes=attributes(**{"k" * HUGE: "v"}))
    big.status.message = "m" * HUGE
    fitted, cuts = cut(big)
    assert cuts == 3
    assert fitted.attributes[0].value.string_value == "v"
    assert "status/message: 500000" in marks(fitted.attributes)


def test_thousands_of_small_attributes_go_from_the_end_into_the_dropped_count():
    pairs = attributes(**{f"key{number:06}": "v" * 10 for number in range(20_000)})
    fitted, cuts = cut(span(attributes=pairs, dropped_attributes_count=5, events=[Span.Event(name="kept")]))
    kept = len(fitted.attributes) - 1
    assert list(fitted.attributes)[:kept] == pairs[:kept]
    assert kept > 10_000
    assert fitted.dropped_attributes_count == 5 + 20_000 - kept
    assert cuts == 20_000 - kept
    assert marks(fitted.attributes)[0].startswith(f"the last {cuts} attributes: ")
    assert len(fitted.events) == 1


def test_thousands_of_events_and_links_go_from_the_end_into_their_dropped_counts():
    fitted, _ = cut(span(events=[Span.Event(name="e" * 200)] * 4000, links=[Span.Link(span_id=b"12345678")] * 50_000))
    assert fitted.dropped_events_count == 4000 - len(fitted.events)
    assert fitted.dropped_links_count == 50_000 - len(fitted.links)
    assert fitted.dropped_events_count > 0


def test_a_dropped_count_that_is_full_stays_full():
    fitted, _ = cut(span(events=[Span.Event(name="e" * 200)] * 4000, dropped_events_count=2**32 - 2))
    assert fitted.dropped_events_count == 2**32 - 1


def test_fields_nobody_knows_go_before_attributes_are_dropped():
    big = Span.FromString(with_attributes(kept="v").SerializeToString() + b"\xa2\x06\xa0\xc2\x1e" + b"u" * HUGE)
    fitted, _ = cut(big)
    assert fitted.attributes[0].key == "kept"
    assert marks(fitted.attributes)[0].startswith("unknown fields: ")


def test_the_list_of_what_was_cut_is_bounded():
    fitted, cuts = cut(with_attributes(**{f"body{number}": "x" * 10_000 for number in range(500)}))
    assert cuts > 100
    assert len(marks(fitted.attributes)) == 16
    assert marks(fitted.attributes)[-1] == f"and {cuts - 15} more"


def test_an_envelope_leaves_less_room_for_its_span():
    fitted, _ = cut(with_attributes(body="x" * HUGE), envelope_bytes=100_000)
    assert len(fitted.SerializeToString()) <= 260_000


def test_a_huge_resource_or_scope_is_cut_and_marked_on_itself():
    sent = sent_by("cart")
    sent.resource.attributes.extend(attributes(command="c" * HUGE))
    sent.resource.entity_refs.add(type="process", id_keys=["k" * HUGE])
    sent.schema_url = "u" * HUGE
    sent.scope_spans[0].scope.attributes.extend(attributes(**{f"key{number}": "v" for number in range(50_000)}))
    cutter = Cutter()
    resource = ResourceSpans.FromString(cutter.fit_resource(resource_envelope(sent)))
    scope = ScopeSpans.FromString(cutter.fit_scope(scope_envelope(sent.scope_spans[0])))
    assert resource.ByteSize() <= ENVELOPE_BYTES
    assert scope.ByteSize() <= ENVELOPE_BYTES
    assert marks(resource.resource.attributes) == [
        "resource/attributes/command: 500000",
        "resource/entity_refs/id_keys: 500000",
        "schema_url: 500000",
    ]
    assert scope.scope.dropped_attributes_count > 0


_sizes = st.sampled_from([0, 1, 300, 40_000, HUGE])


@settings(deadline=None)
@given(
    st.lists(_sizes, max_size=4), st.lists(_sizes, max_size=3), _sizes, st.sampled_from(["x", "é", "🙂"]), st.booleans()
)
def test_every_span_fits_at_last_and_always_in_the_same_way(values, events, name, letter, crowded):
    big = span(name=letter * name, events=[Span.Event(name=letter * size) for size in events])
    big.attributes.extend(attributes(**{f"key{at}": letter * size for at, size in enumerate(values)}))
    if crowded:
        big.attributes.extend(attributes(**{f"small{at}": "v" * 20 for at in range(12_000)}))
    fitted, cuts = cut(big)
    assert cut(Span.FromString(big.SerializeToString())) == (fitted, cuts)
    assert (cuts > 0) == (fitted != big)
    assert (fitted.span_id, fitted.trace_id) == (big.span_id, big.trace_id)


def test_a_million_empty_attributes_are_dropped_without_looking_at_each():
    """A post of two megabytes can hold this; only what could fit at all is worth looking at."""
    big = Span.FromString(span().SerializeToString() + b"\x4a\x00" * 1_000_000)
    fitted, cuts = cut(big)
    assert cuts == fitted.dropped_attributes_count == 1_000_000 - (len(fitted.attributes) - 1)
    assert marks(fitted.attributes)[0].startswith("the last 8")
