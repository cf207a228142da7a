import pytest

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Kind, Span
from tests.actors import CHECKOUT, MS, NOON_NS, PAYMENTS, exception, failure, named, resource, span
from tests.assembly.reading import codes

HOUR_MS = 3600 * 1000


def client(at: tuple[float, float]) -> Span:
    return span("client", at=at, kind=Kind.CLIENT, resource=CHECKOUT)


def server(at: tuple[float, float], **fields: object) -> Span:
    return span("server", **({"parent": "client", "at": at, "kind": Kind.SERVER, "resource": PAYMENTS} | fields))


@pytest.mark.parametrize(
    ("client_at", "server_at", "shift_ms", "server_start_ms"),
    [
        # 100 long and 60 long leave 40: 20 before, 20 after. It read -50, should read 20.
        ((0, 100), (-50, 10), 70, 20),
        # One millisecond early is as impossible as an hour. It should read 5.
        ((0, 100), (-1, 89), 6, 5),
        # Longer than its caller, who gave up waiting: it cannot have begun before the caller did, more is not known.
        ((0, 100), (-30, 170), 30, 0),
        # Without a length there is no spare time to halve.
        ((0, 100), (-30, -30), 30, 0),
    ],
)
def test_a_server_that_begins_before_its_client_is_moved_into_it(client_at, server_at, shift_ms, server_start_ms):
    row = named(assemble([client(client_at), server(server_at)]).spans)["server"]
    assert row.clock_shift_ns == shift_ms * MS
    assert row.start_time_unix_nano == str(NOON_NS + server_start_ms * MS)
    assert row.duration_ns == (server_at[1] - server_at[0]) * MS
    assert row.warnings == ("clock-corrected",)


@pytest.mark.parametrize(
    "server_at",
    [(10, 90), (0, 100), (60, 140), (100, 400), (5000, 5100)],
    ids=["inside", "exactly", "caller gave up", "begins as the caller ends", "invoked and not waited for"],
)
def test_a_server_that_begins_after_its_client_is_left_where_it_is(server_at):
    trace = assemble([client((0, 100)), server(server_at)])
    assert named(trace.spans)["server"].clock_shift_ns == 0
    assert trace.warnings == ()


@pytest.mark.parametrize("consumer_at", [(-40, 10), (20, 30), (600, 700)])
def test_a_consumer_is_never_moved(consumer_at):
    """It begins when the queue hands over the message; a receive may even begin before there is one."""
    producer = span("send", at=(0, 100), kind=Kind.PRODUCER)
    consumer = span("process", parent=producer, at=consumer_at, kind=Kind.CONSUMER, resource=PAYMENTS)
    trace = assemble([producer, consumer])
    assert named(trace.spans)["process"].clock_shift_ns == 0
    assert trace.warnings == ()


def test_a_function_invoked_by_a_queue_is_not_moved_into_the_producer():
    producer = span("send", at=(0, 100), kind=Kind.PRODUCER)
    assert named(assemble([producer, server((-5, 10), parent=producer)]).spans)["server"].clock_shift_ns == 0


def test_what_the_same_process_timed_moves_along_and_other_clocks_do_not():
    inner = span("inner", parent="server", at=(-40, 0), resource=PAYMENTS)
    elsewhere = span("elsewhere", parent="inner", at=(35, 40), resource=resource("database"))
    rows = named(assemble([client((0, 100)), server((-50, 10)), inner, elsewhere]).spans)
    assert (rows["inner"].clock_shift_ns, rows["inner"].offset_ns) == (70 * MS, 30 * MS)
    assert (rows["elsewhere"].clock_shift_ns, rows["elsewhere"].offset_ns) == (0, 35 * MS)
    assert rows["inner"].warnings == ()


def test_a_chain_of_skewed_calls_is_corrected_from_the_top_down():
    """The database is compared with where payments' client really was, not with where payments said."""
    query = span("query", parent="server", at=(-40, 0), kind=Kind.CLIENT, resource=PAYMENTS)
    answer = span("answer", parent="query", at=(0, 20), kind=Kind.SERVER, resource=resource("database"))
    rows = named(assemble([client((0, 100)), server((-50, 10)), query, answer]).spans)
    assert rows["query"].offset_ns == 30 * MS
    assert rows["answer"].clock_shift_ns == 40 * MS  # 40 long, 20 long: 10 after the query's start, at 40
    assert rows["answer"].offset_ns == 40 * MS


def test_processes_of_one_host_share_its_clock():
    here, there = (resource(name, **{"host.id": "i-1"}) for name in ("checkout", "payments"))
    call = [span("client", kind=Kind.CLIENT, resource=here), server((-1, 5), resource=there)]
    assert codes(assemble(call)) == set()


def test_two_sandboxes_of_one_function_have_different_clocks():
    call = [client((0, 100)), server((-50, 10), resource=resource("checkout", "2"))]
    assert codes(assemble(call)) == {"clock-corrected"}


def test_a_clock_that_is_more_than_a_day_behind_is_believed_and_reported():
    trace = assemble([client((0, 100)), server((-25 * HOUR_MS, -25 * HOUR_MS + 5))])
    assert named(trace.spans)["server"].clock_shift_ns == 0
    assert codes(trace) == {"clock-far-off"}


def test_a_clock_in_the_wrong_time_zone_is_corrected():
    trace = assemble([client((0, 100)), server((-14 * HOUR_MS, -14 * HOUR_MS + 50))])
    assert trace.summary.duration_ns == 100 * MS


def test_exceptions_move_with_their_span():
    trace = assemble([client((0, 100)), server((-50, 10), events=(exception(at_ms=-20),), **failure())])
    assert trace.errors[0].exceptions[0].time_unix_nano == str(NOON_NS + 50 * MS)
