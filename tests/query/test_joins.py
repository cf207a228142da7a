"""What a trace is joined to: by name, over views that the pipeline made, whatever came first."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model.errors import StoreError
from chalicelib.model.span import Kind, Link
from chalicelib.model.windows import HOUR_S, Window
from chalicelib.propagation.joins import RECEIVED, SENT
from chalicelib.query import joins
from chalicelib.query.assembly import read_assembly
from chalicelib.query.links import LinksRequest, links
from chalicelib.query.rollups import graph_report
from chalicelib.query.scanning import Account
from chalicelib.query.traces import read_spans
from chalicelib.settings import Settings
from chalicelib.views.seal import DEEP_MINUTE
from tests.actors import CHECKOUT, FULFILMENT, NOON_NS, PAYMENTS, span
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.query.worlds import S
from tests.views.pipeline import Pipeline, trace_id_of

MESSAGE = "sqs:m-1"


def sender(*names, trace="order", at_s=0, **fields):
    made = {"kind": Kind.PRODUCER, "attributes": {SENT: list(names)}, "resource": CHECKOUT}
    return span(f"send {trace}", trace_id=trace_id_of(trace), at=(at_s * 1000, at_s * 1000 + 5), **(made | fields))


def receiver(*names, trace="ship", at_s=10, **fields):
    made = {"kind": Kind.CONSUMER, "attributes": {RECEIVED: list(names)}, "resource": FULFILMENT}
    return span(f"take {trace}", trace_id=trace_id_of(trace), at=(at_s * 1000, at_s * 1000 + 5), **(made | fields))


def world(*spans, apart_s=300, **changed):
    """Each span posted in this order, so that what came before was sealed before."""
    pipeline = Pipeline(settings=Settings(**changed), clock=Clock(NOON_NS + 60 * S))
    for each in spans:
        pipeline.deliver([pipeline.post([each])])
        pipeline.settle(apart_s)
    return pipeline


def joined(pipeline, trace, tenant=TENANT):
    """(this span, the other, its trace, the name, which way) of every join in an assembly."""
    found = read_assembly(pipeline.services, tenant, trace_id_of(trace), pipeline.clock.deadline())
    told = [link for link in found.links if link.joined_by]
    return [(link.span_id, link.linked_span_id, link.linked_trace_id, link.joined_by, link.receives) for link in told]


def linked(pipeline, trace, **fields):
    return links(pipeline.services, TENANT, LinksRequest(trace_id_of(trace), **fields), pipeline.clock.deadline())


def drawn(pipeline, tenant=TENANT, hours=range(-1, 3)):
    """Edges between services, with how many calls."""
    window = Window(NOON_NS + hours[0] * HOUR_S * S, NOON_NS + hours[-1] * HOUR_S * S)
    report = graph_report(pipeline.services, tenant, window, pipeline.clock.deadline())
    return {(edge.client, edge.server): edge.red.calls for edge in report.edges}


def merge_hours(pipeline):
    """Until a deep tick merges what it finds not merged."""
    pipeline.clock.at_ns = NOON_NS + (4 * HOUR_S + DEEP_MINUTE * 60) * S
    pipeline.tick()
    pipeline.work()


class Away:
    """Views that nobody can reach."""

    def read(self, *_, **__):
        raise StoreError("views are away")


ORDER_TO_SHIP = ("service:checkout", "service:fulfilment")


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("apart_s", [0, 300])
def test_both_sides_tell_the_join_whichever_came_first_sealed_or_not(swapped, apart_s):
    send, take = sender(MESSAGE), receiver(MESSAGE)
    pipeline = world(*((take, send) if swapped else (send, take)), apart_s=apart_s)
    assert joined(pipeline, "ship") == [(take.span_id, send.span_id, send.trace_id, MESSAGE, False)]
    assert joined(pipeline, "order") == [(send.span_id, take.span_id, take.trace_id, MESSAGE, True)]
    [out], [into] = linked(pipeline, "ship").outgoing, linked(pipeline, "order").incoming
    assert (out.trace_id, out.linked_span_id, out.joined_by) == (send.trace_id, send.span_id, MESSAGE)
    assert (into.trace_id, into.span_id, into.linked_span_id) == (take.trace_id, take.span_id, send.span_id)
    assert linked(pipeline, "ship").incoming == linked(pipeline, "order").outgoing == ()
    pipeline.settle(300)
    assert drawn(pipeline) == {ORDER_TO_SHIP: 1}


def test_spans_of_other_libraries_meet_by_what_the_conventions_have_them_say():
    message = {"messaging.message.id": "m-1"}
    send = sender(attributes=message | {"messaging.system": "AmazonSQS"})
    take = receiver(attributes=message | {"messaging.system": "aws_sqs"})
    invoke = {"rpc.service": "Lambda", "rpc.method": "Invoke", "aws.request_id": "r-1"}
    calling = sender(trace="caller", kind=Kind.CLIENT, attributes=invoke)
    called = receiver(trace="called", kind=Kind.SERVER, attributes={"faas.invocation_id": "r-1"})
    pipeline = world(send, take, calling, called)
    assert [each[2:4] for each in joined(pipeline, "ship")] == [(send.trace_id, MESSAGE)]
    assert [each[2:4] for each in joined(pipeline, "called")] == [(calling.trace_id, "lambda:r-1")]
    assert ("user:user", "service:fulfilment") not in drawn(pipeline)


def test_a_message_that_is_received_three_times_is_three_links_newest_first_in_pages():
    tries = [receiver(MESSAGE, trace=f"try {n}", at_s=10 + n * 60) for n in range(3)]
    explicit = span(
        "linking", trace_id=trace_id_of("link"), at=(100_000, 100_005), links=(Link(trace_id=trace_id_of("order")),)
    )
    pipeline = world(sender(MESSAGE), explicit, *tries)
    expected = [trace_id_of(name) for name in ("try 2", "link", "try 1", "try 0")]
    assert [link.trace_id for link in linked(pipeline, "order").incoming] == expected
    page = linked(pipeline, "order", limit=1)
    found = [link.trace_id for link in page.incoming]
    while page.cursor is not None:
        page = linked(pipeline, "order", limit=1, cursor=page.cursor)
        found += [link.trace_id for link in page.incoming]
    assert found == expected
    assert drawn(pipeline)[ORDER_TO_SHIP] == 3


def test_an_object_that_was_written_again_leads_to_its_last_writer():
    writes = [sender("s3:object", trace=f"write {n}", at_s=10 * n) for n in range(3)]
    read = receiver("s3:object", at_s=15)
    pipeline = world(*writes, read)
    assert [each[2] for each in joined(pipeline, "ship")] == [trace_id_of("write 1")]
    assert [len(joined(pipeline, f"write {n}")) for n in range(3)] == [0, 1, 0]


def test_a_redrive_under_a_new_name_leads_to_who_sent_that():
    """A dead-letter queue's message has an id of its own, which the function that gave up knows."""
    gave_up = span(
        "gave up",
        trace_id=trace_id_of("ship"),
        attributes={RECEIVED: [MESSAGE], SENT: ["sqs:dead"]},
        kind=Kind.CONSUMER,
        resource=FULFILMENT,
        at=(10_000, 10_005),
    )
    again = receiver("sqs:dead", trace="redrive", at_s=20, resource=PAYMENTS)
    pipeline = world(sender(MESSAGE), gave_up, again)
    assert [each[2:] for each in joined(pipeline, "ship")] == [
        (trace_id_of("order"), MESSAGE, False),
        (trace_id_of("redrive"), "sqs:dead", True),
    ]


def test_nothing_is_joined_beyond_the_look_back():
    pipeline = world(sender(MESSAGE), receiver(MESSAGE, at_s=61), join_look_back_s=60)
    assert joined(pipeline, "ship") == joined(pipeline, "order") == []
    assert drawn(pipeline) == {}


def test_tenants_are_never_joined():
    pipeline = world(receiver(MESSAGE))
    pipeline.deliver([pipeline.post([sender(MESSAGE)], tenant="acme")])
    pipeline.settle(300)
    assert joined(pipeline, "ship") == joined(pipeline, "order", tenant="acme") == []
    assert drawn(pipeline) == drawn(pipeline, "acme") == {}


def test_what_a_link_or_parent_tells_is_not_told_again():
    send = sender(MESSAGE)
    context = Link(trace_id=send.trace_id, span_id=send.span_id)
    child = receiver(MESSAGE, trace="order", at_s=1, parent=send)
    inner = span("record", trace_id=send.trace_id, parent=child, attributes={RECEIVED: [MESSAGE]}, resource=FULFILMENT)
    pipeline = world(send, child, inner, receiver(MESSAGE, links=(context,)))
    assert joined(pipeline, "order") == joined(pipeline, "ship") == []


def test_what_an_ancestor_sent_is_not_told_again():
    """A function in a state machine knows the execution's name, and so does whoever started that, in the same trace."""
    start = sender("states:run", kind=Kind.CLIENT)
    execution = span("orders", trace_id=start.trace_id, parent=start, resource=PAYMENTS, kind=Kind.SERVER, at=(1, 9))
    function = receiver("states:run", trace="order", at_s=0.002, parent=execution)
    pipeline = world(start, execution, function)
    assert joined(pipeline, "order") == []
    assert drawn(pipeline).keys() == {
        ("service:checkout", "service:payments"),
        ("service:payments", "service:fulfilment"),
    }


def test_an_assembly_reads_so_much_of_the_index_and_says_that_there_is_more():
    pipeline = world(sender(MESSAGE), receiver(MESSAGE, at_s=3500))
    spans = read_spans(pipeline.services, TENANT, trace_id_of("order"), pipeline.clock.deadline())
    ask = partial(joins.find_joins, pipeline.services, TENANT, spans)
    assert ask(Account(pipeline.clock.deadline()), most_bytes=10**6).problems == ()
    assert "more views" in ask(Account(pipeline.clock.deadline()), most_bytes=1).problems[0]


def test_a_join_within_a_trace_points_at_the_row():
    pipeline = world(sender(MESSAGE), receiver(MESSAGE, trace="order"))
    trace = read_assembly(pipeline.services, TENANT, trace_id_of("order"), pipeline.clock.deadline())
    assert [(link.index, link.linked_index, link.receives) for link in trace.links] == [(1, 0, False)]


def test_a_trace_without_names_asks_the_views_nothing():
    pipeline = world(span("plain", trace_id=trace_id_of("plain")))
    services = pipeline._services(Away(), pipeline.queue)
    assert not read_assembly(services, TENANT, trace_id_of("plain"), pipeline.clock.deadline()).warnings


def test_a_trace_is_assembled_when_its_joins_cannot_be_looked_up_and_says_so():
    pipeline = world(sender(MESSAGE))
    services = pipeline._services(Away(), pipeline.queue)
    trace = read_assembly(services, TENANT, trace_id_of("order"), pipeline.clock.deadline())
    assert [warned.code for warned in trace.warnings] == ["joins-incomplete"]
    assert trace.summary.span_count == 1


def test_names_beyond_what_is_looked_up_are_said_to_be():
    many = [f"sqs:{n:04}" for n in range(joins.MAX_NAMES)]
    pipeline = world(sender(*many, trace="order"), sender("sqs:z", trace="order", at_s=1, parent="send order"))
    assert "looked up" in linked(pipeline, "order").partial


def test_calls_of_a_merged_hour_are_those_that_were_drawn_before_also_of_senders_that_came_late():
    pipeline = Pipeline(clock=Clock(NOON_NS - 45 * S))
    early = [sender(MESSAGE, at_s=-50), sender("sqs:late", trace="late", at_s=-50, resource=PAYMENTS)]
    in_time, late = [pipeline.post([each]) for each in early]
    pipeline.clock.at_ns = NOON_NS + 60 * S
    receivers = [receiver(MESSAGE, at_s=10), receiver("sqs:late", trace="other", at_s=20)]
    pipeline.deliver([in_time, *(pipeline.post([each]) for each in receivers)])
    pipeline.settle(300)
    fresh = drawn(pipeline)
    merge_hours(pipeline)
    assert (TENANT, f"roh#{NOON_NS // S // 86400 * 86400}") in pipeline.views._views
    assert drawn(pipeline) == fresh == {ORDER_TO_SHIP: 1}
    pipeline.deliver([late])  # of a window in the hour before the receiver's, which both were merged already
    pipeline.work()
    pipeline.settle(120)
    assert drawn(pipeline) == fresh | {("service:payments", "service:fulfilment"): 1}


PLAYS = st.lists(
    st.tuples(
        st.sampled_from(["send", "take"]),
        st.sampled_from(["sqs:1", "sqs:2"]),
        st.sampled_from(["checkout", "payments", "fulfilment"]),
        st.integers(0, 90).map(lambda at: at * 61),
    ),
    max_size=5,
    unique_by=lambda each: each[3],
)
RESOURCES = {"checkout": CHECKOUT, "payments": PAYMENTS, "fulfilment": FULFILMENT}


@settings(max_examples=40, deadline=None)
@given(PLAYS, st.randoms(use_true_random=False), st.sampled_from([0, 60, 300]))
def test_any_order_of_arrival_joins_alike(play, random, apart_s):
    """Against the rule itself, applied to everything at once."""
    make = {"send": sender, "take": receiver}
    spans = [
        make[what](name, trace=f"{n}", at_s=at_s, resource=RESOURCES[service])
        for n, (what, name, service, at_s) in enumerate(play)
    ]
    expected, calls = set(), {}
    for n, (what, name, service, at_s) in enumerate(play):
        before = [
            (other[3], number)
            for number, other in enumerate(play)
            if what == "take" and other[:2] == ("send", name) and at_s - 3600 <= other[3] <= at_s
        ]
        if before:
            number = max(before)[1]
            expected.add((trace_id_of(str(n)), trace_id_of(str(number))))
            if (client := play[number][2]) != service:
                edge = f"service:{client}", f"service:{service}"
                calls[edge] = calls.get(edge, 0) + 1
    pipeline = world(*random.sample(spans, len(spans)), apart_s=apart_s)
    told = {(trace_id_of(str(n)), each[2], each[4]) for n in range(len(play)) for each in joined(pipeline, str(n))}
    assert {(own, other) for own, other, receives in told if not receives} == expected
    assert {(other, own) for own, other, receives in told if receives} == expected
    pipeline.settle(300)
    assert drawn(pipeline) == calls
    merge_hours(pipeline)
    assert drawn(pipeline) == calls
