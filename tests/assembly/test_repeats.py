from chalicelib.assembly.steps import assemble
from chalicelib.model.attributes import CLOSED_BY
from chalicelib.model.span import Kind, StatusCode
from tests.actors import CHECKOUT, PAYMENTS, resource, span, with_fields
from tests.assembly.reading import codes, tree


def test_a_span_that_was_delivered_three_times_is_shown_once_and_nothing_is_said_of_it():
    once = assemble([span("work")])
    assert assemble([span("work"), span("work"), span("work")]) == once
    assert once.warnings == ()


def test_repeats_may_list_their_attributes_in_any_order():
    one = span("work", attributes={"a": 1, "b": float("nan")})
    other = span("work", attributes={"b": float("nan"), "a": 1})
    assert len(assemble([one, other]).spans) == 1


def test_one_and_true_and_one_point_zero_are_different_values():
    versions = [span("work", attributes={"a": value}) for value in (1, True, 1.0)]
    assert codes(assemble(versions)) == {"version-replaced"}


def test_the_closed_version_of_a_span_replaces_the_open_one():
    """X-Ray senders report a segment in progress, and later the whole of it."""
    opened = span("work", at=(0, 10), end_ns=0)
    closed = span("work", at=(0, 10))
    trace = assemble([closed, opened])
    assert [row.duration_ns for row in trace.spans] == [10_000_000]
    assert trace.spans[0].warnings == ("version-replaced",)


def test_what_a_function_says_itself_wins_over_what_the_platforms_log_made_us_say_for_it():
    """Its end line may come late, after we closed the span; the platform's verdict is always later than its own end."""
    ours = span("work", at=(0, 30), status_code=StatusCode.ERROR, attributes={CLOSED_BY: "platform log", "more": 1})
    own = span("work", at=(0, 20))
    for reports in ([ours, own], [own, ours]):
        trace = assemble(reports)
        assert [(row.duration_ns, row.error) for row in trace.spans] == [(20_000_000, False)]


def test_a_span_that_was_closed_for_a_function_wins_over_the_open_one_that_it_sent():
    ours = span("work", at=(0, 30), attributes={CLOSED_BY: "platform log"})
    still_open = span("work", end_ns=0, attributes={"one": 1, "two": 2, "three": 3})
    assert [row.duration_ns for row in assemble([still_open, ours]).spans] == [30_000_000]


def test_of_two_closed_versions_the_one_that_says_more_is_shown():
    short = span("work")
    long = with_fields(short, name="work in the region", attributes={"region": "eu-west-1"})
    assert tree(assemble([long, short])) == ["work in the region"]


def test_a_server_that_shares_its_clients_id_is_kept_beside_it_without_a_warning():
    """Zipkin's RPC spans: one id, two sides."""
    client = span("call", kind=Kind.CLIENT)
    server = with_fields(client, kind=Kind.SERVER, resource=PAYMENTS, name="called")
    trace = assemble([server, client])
    assert tree(trace) == ["call", "  called"]
    assert trace.warnings == ()


def test_different_spans_with_one_id_are_all_shown_with_a_warning():
    """Sandboxes restored from one snapshot may draw the same random ids."""
    one = span("work", at=(0, 10))
    other = span("work", at=(20, 30), resource=resource("checkout", "2"))
    trace = assemble([one, other])
    assert tree(trace) == ["work", "work"]
    assert [row.warnings for row in trace.spans] == [("id-used-twice",)] * 2


def test_two_processes_of_different_services_that_start_together_are_no_versions_of_each_other():
    one, other = span("work", resource=CHECKOUT), span("work", resource=PAYMENTS)
    assert [row.service for row in assemble([other, one]).spans] == ["checkout", "payments"]


def test_spans_with_one_id_in_two_traces_are_no_repeats():
    one, other = span("work"), span("work", trace_id="1" * 16 + "d269b633813fc60c")
    trace = assemble([one, other])
    assert len(trace.spans) == 2
    assert codes(trace) == {"several-roots", "several-trace-ids"}
