"""Hypothesis strategies for whole OTLP messages, with everything in them that the data model knows.

`traces()` draws a TracesData whose span ids are all valid, from a few traces, so that spans meet in one trace.
Compare messages by `protobuf.encode`: they may hold NaN, which equals nothing.
"""

import math
from typing import Any

from hypothesis import strategies as st

from chalicelib.codecs.otlp.messages import TracesData

INT32 = st.integers(-(2**31), 2**31 - 1)
UINT32 = st.sampled_from([0, 1, 257, 2**32 - 1]) | st.integers(0, 2**32 - 1)
INT64 = st.sampled_from([0, -1, 2**53 + 1, -(2**63), 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1)
TIMES_NS = st.sampled_from([0, 1_795_359_195_055_695_582, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.sampled_from(["service.name", "http.route", "k", ""]) | TEXT
DOUBLES = st.floats().map(lambda number: math.nan if math.isnan(number) else number)  # one NaN of the many
TRACE_IDS = st.sampled_from([bytes([n]) * 16 for n in (1, 2, 0xFE)]) | st.binary(min_size=16, max_size=16).filter(any)
SPAN_IDS = st.binary(min_size=8, max_size=8).filter(any)

_SCALARS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    TEXT.map(lambda value: {"string_value": value}),
    st.booleans().map(lambda value: {"bool_value": value}),
    INT64.map(lambda value: {"int_value": value}),
    DOUBLES.map(lambda value: {"double_value": value}),
    st.binary(max_size=8).map(lambda value: {"bytes_value": value}),
)


def _key_value(values: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"key": KEYS}, optional={"value": values})


def _containers(values: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    arrays = st.lists(values, max_size=3).map(lambda found: {"array_value": {"values": found}})
    maps = st.lists(_key_value(values), max_size=3).map(lambda found: {"kvlist_value": {"values": found}})
    return arrays | maps


VALUES = st.recursive(_SCALARS, _containers, max_leaves=4)
ATTRIBUTES = st.lists(_key_value(VALUES), max_size=4)  # keys may repeat

_ATTRIBUTES = {"attributes": ATTRIBUTES, "dropped_attributes_count": UINT32}

RESOURCES = st.fixed_dictionaries(
    {},
    optional=_ATTRIBUTES
    | {
        "entity_refs": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "schema_url": TEXT,
                    "type": TEXT,
                    "id_keys": st.lists(KEYS, max_size=2),
                    "description_keys": st.lists(KEYS, max_size=2),
                },
            ),
            max_size=2,
        )
    },
)
SCOPES = st.fixed_dictionaries({}, optional=_ATTRIBUTES | {"name": TEXT, "version": TEXT})
EVENTS = st.fixed_dictionaries({}, optional=_ATTRIBUTES | {"time_unix_nano": TIMES_NS, "name": TEXT})
LINKS = st.fixed_dictionaries(
    {},
    optional=_ATTRIBUTES
    | {
        "trace_id": TRACE_IDS | st.binary(max_size=3),  # a link's ids may be invalid
        "span_id": SPAN_IDS | st.binary(max_size=3),
        "trace_state": TEXT,
        "flags": UINT32,
    },
)
STATUSES = st.fixed_dictionaries({}, optional={"message": TEXT, "code": st.sampled_from([0, 1, 2]) | INT32})
SPANS = st.fixed_dictionaries(
    {"trace_id": TRACE_IDS, "span_id": SPAN_IDS},
    optional=_ATTRIBUTES
    | {
        "parent_span_id": SPAN_IDS | st.just(bytes(8)),
        "trace_state": TEXT,
        "flags": UINT32,
        "name": TEXT,
        "kind": st.integers(0, 5) | INT32,
        "start_time_unix_nano": TIMES_NS,
        "end_time_unix_nano": TIMES_NS,
        "events": st.lists(EVENTS, max_size=2),
        "dropped_events_count": UINT32,
        "links": st.lists(LINKS, max_size=2),
        "dropped_links_count": UINT32,
        "status": STATUSES,
    },
)


def traces(max_spans: int = 3) -> st.SearchStrategy[TracesData]:
    """Messages of up to two resources with up to two scopes, each with up to `max_spans` spans."""
    scope_spans = st.fixed_dictionaries(
        {"spans": st.lists(SPANS, max_size=max_spans)}, optional={"scope": SCOPES, "schema_url": TEXT}
    )
    resource_spans = st.fixed_dictionaries(
        {"scope_spans": st.lists(scope_spans, max_size=2)}, optional={"resource": RESOURCES, "schema_url": TEXT}
    )
    return st.lists(resource_spans, max_size=2).map(lambda found: TracesData(resource_spans=found))
