"""What Jaeger does to a trace before it is shown, step by step."""

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.adjusters import (
    Row,
    adjusted,
    correct_clocks,
    drop_repeats,
    host_of,
    move_library_attributes,
    remove_empty_links,
    separate_shared_ids,
    sort_collections,
    write_addresses,
)
from chalicelib.model.span import Event, Kind, Link, Resource
from tests.actors import TRACE_ID, span, with_fields

ID = "0000000000000001".replace("1", "a")
MS = 1_000_000
CLIENT = span("call", kind=Kind.CLIENT, span_id=ID)
HERE, THERE = Resource(attributes={"host.name": "here"}), Resource(attributes={"host.name": "there"})


def rows(*spans):
    return [Row(one) for one in spans]


def warnings(*spans, max_skew_ns=0):
    return [row.warnings for row in correct_clocks(rows(*spans), max_skew_ns)]


def test_a_server_that_shares_its_clients_id_becomes_that_spans_child_and_what_was_below_follows_it():
    server = span("call", kind=Kind.SERVER, span_id=ID, parent_id="b" * 16, attributes={keys.REFERENCES: []})
    below = span("query", parent_id=ID)
    found = [row.span for row in separate_shared_ids(rows(CLIENT, server, below))]
    assert [(one.span_id, one.parent_id) for one in found] == [
        (ID, None), ("0" * 15 + "1", ID), (below.span_id, "0" * 15 + "1"),
    ]  # fmt: skip
    assert found[1].attributes == {}


def test_a_new_id_is_the_smallest_that_nobody_has():
    taken = span("other", span_id="0" * 15 + "1")
    server = with_fields(CLIENT, kind=Kind.SERVER)
    assert separate_shared_ids(rows(CLIENT, server, taken))[1].span.span_id == "0" * 15 + "2"


def test_ids_that_two_servers_share_are_left_alone():
    servers = rows(span("a", kind=Kind.SERVER, span_id=ID), span("b", kind=Kind.SERVER, span_id=ID))
    assert separate_shared_ids(servers) == servers


def test_attributes_are_sorted_by_key_and_events_by_name():
    events = (Event(name="b", attributes={"y": 1, "x": 2}), Event(name="a"))
    listed = [["k", 1], ["a", 2], ["k", 3]]
    one = span("op", attributes={"b": 1, "a": 2, keys.TAGS: listed}, events=events, resource=HERE)
    [found] = sort_collections(rows(one))
    assert list(found.span.attributes) == ["a", "b", keys.TAGS]
    assert found.span.attributes[keys.TAGS] == [["a", 2], ["k", 1], ["k", 3]]
    assert [event.name for event in found.span.events] == ["a", "b"]
    assert list(found.span.events[1].attributes) == ["x", "y"]


def test_spans_that_say_the_same_are_one():
    other = with_fields(CLIENT, name="other")
    assert drop_repeats(rows(CLIENT, CLIENT, other)) == rows(CLIENT, other)


def test_repeats_whose_attributes_came_in_another_order_are_one():
    first, second = (span("op", attributes=told) for told in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert len(adjusted([first, second])) == 1


def test_a_skewed_clock_is_told_of_and_not_set_unless_that_is_asked_for():
    parent = span("parent", at=(0, 100), resource=HERE)
    child = span("child", parent=parent, at=(-50, -10), resource=THERE)
    told = "clock skew adjustment disabled; not applying calculated delta of 80ms"
    assert warnings(parent, child) == [(), (told,)]


def test_a_skewed_clock_is_set_so_that_the_child_lies_in_the_middle_of_its_parent_and_its_host_follows():
    parent = span("parent", at=(0, 100), resource=HERE)
    child = span("child", parent=parent, at=(-50, -10), resource=THERE, events=(Event(time_ns=parent.start_ns),))
    below = span("below", parent=child, at=(-40, -30), resource=THERE)
    found = correct_clocks(rows(parent, child, below), 1_000 * MS)
    assert [row.span.start_ns - parent.start_ns for row in found] == [0, 30 * MS, 40 * MS]
    assert found[1].span.events[0].time_ns == parent.start_ns + 80 * MS
    assert found[1].warnings == ("this span's timestamps were adjusted by 80ms",)


def test_a_shift_beyond_the_limit_is_not_made():
    parent = span("parent", at=(0, 100), resource=HERE)
    child = span("child", parent=parent, at=(-50, -10), resource=THERE)
    told = "max clock skew adjustment delta of 1ms exceeded; not applying calculated delta of 80ms"
    assert warnings(parent, child, max_skew_ns=MS) == [(), (told,)]


def test_a_child_that_takes_longer_than_its_parent_only_begins_no_earlier():
    parent = span("parent", at=(0, 10), resource=HERE)
    early = span("early", parent=parent, at=(-5, 100), resource=THERE)
    late = span("late", parent=parent, at=(5, 100), resource=THERE)
    assert warnings(parent, early, late)[1] == ("clock skew adjustment disabled; not applying calculated delta of 5ms",)
    assert warnings(parent, early, late)[2] == ()


def test_spans_of_one_host_have_one_clock_and_a_host_that_is_not_known_has_its_own():
    parent = span("parent", at=(0, 10), resource=HERE)
    same = span("same", parent=parent, at=(-5, -2), resource=HERE)
    assert warnings(parent, same) == [(), ()]
    unknown = with_fields(parent, resource=Resource())
    assert warnings(unknown, with_fields(same, resource=Resource()))[1] != ()


def test_what_cannot_be_corrected_is_told_of():
    orphan = span("orphan", parent_id="f" * 16)
    assert warnings(orphan, CLIENT, CLIENT) == [
        ("parent span ID=ffffffffffffffff is not in the trace; skipping clock skew adjustment",),
        (),
        ("duplicate span IDs; skipping clock skew adjustment",),
    ]


def test_spans_that_are_each_others_parents_are_left_alone():
    one, two = span("one", parent="two"), span("two", parent="one")
    assert warnings(one, two) == [(), ()]
    assert warnings(span("self", parent="self")) == [()]


def test_a_host_is_known_by_its_id_its_address_or_its_name():
    said = {"host.name": "name", "host.ip": ["10.0.0.1", "::1"], "host.id": "id"}
    assert host_of(Resource(attributes=said)) == "id"
    assert host_of(Resource(attributes=said | {"host.id": ""})) == "10.0.0.1"
    assert host_of(Resource(attributes=said | {"host.id": 7, "host.ip": "::1"})) == "::1"
    assert host_of(Resource(attributes={"host.name": "name", "host.ip": []})) == "name"
    assert host_of(Resource()) == ""


def test_addresses_that_are_numbers_are_written_with_dots():
    one = span(
        "op", attributes={"ip": 1 << 24 | 2, "peer.ipv4": -1.0, "port": 80}, resource=Resource(attributes={"ip": 1})
    )
    [found] = write_addresses(rows(one))
    assert found.span.attributes == {"ip": "1.0.0.2", "peer.ipv4": "255.255.255.255", "port": 80}
    assert found.span.resource.attributes == {"ip": "0.0.0.1"}
    assert write_addresses(rows(span("op", attributes={"ip": "1.2.3.4"})))[0].span.attributes == {"ip": "1.2.3.4"}


def test_what_an_sdk_says_of_itself_moves_to_the_resource():
    said = {"telemetry.sdk.name": "x", "telemetry.distro.version": "1", "a": 1}
    resource = Resource(attributes={"telemetry.sdk.name": "y"})
    [found] = move_library_attributes(rows(span("op", attributes=said, resource=resource)))
    assert found.span.attributes == {"telemetry.sdk.name": "x", "a": 1}
    assert found.span.resource.attributes == {"telemetry.sdk.name": "y", "telemetry.distro.version": "1"}
    assert found.warnings == ("conflicting values between Span and Resource for attribute telemetry.sdk.name",)


def test_links_that_lead_nowhere_are_removed():
    good = Link(trace_id=TRACE_ID, span_id=ID)
    links = (good, Link(trace_id="0" * 32, span_id=ID), Link(trace_id=TRACE_ID))
    [found] = remove_empty_links(rows(span("op", links=links, attributes={keys.REFERENCES: []})))
    assert (found.span.links, found.warnings) == ((good,), ("Invalid span link removed",) * 2)
    assert found.span.attributes == {}
