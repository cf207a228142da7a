"""Whatever is searched for can be asked of the views, and every trace that is an answer is a candidate."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.codecs.jaeger.from_otlp import text
from chalicelib.codecs.jaeger.search import Asked, is_answer
from chalicelib.model.span import Event, Link, Resource, Scope
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.query.questions import search_question
from chalicelib.routes.jaeger.candidates import query_of
from tests.actors import NOON_NS, TRACE_ID, span

names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["error", "span.kind", "span.status", "event", "resource.a", "resource.", "scope.name", "", "\x00", '"']
    ),
)
values = st.one_of(
    st.text(max_size=12),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.booleans(),
    st.none(),
    st.sampled_from(["true", "1e999", "-0", "007", "3.0", "NaN", "[1]", "é\n"]),
)


def asked(**fields):
    return Asked(**({"start_min_ns": 0, "start_max_ns": 2 * NOON_NS} | fields))


@settings(deadline=None)
@given(
    service=names,
    operation=names,
    tags=st.dictionaries(names, values.map(text), max_size=4),
    shortest=st.integers(0, 1 << 62),
)
@example(service="s" * 20_000, operation="", tags={}, shortest=0)
@example(service="s", operation="o", tags={f"k{n}" * 20: "1" * 100 for n in range(100)}, shortest=1)
@example(service="s", operation="o", tags={f"{n}": "1" for n in range(100)}, shortest=1)
@example(service="\\" * 590, operation="", tags={"a": "\\" * 9}, shortest=0)
def test_every_search_can_be_asked(service, operation, tags, shortest):
    query = query_of(asked(service=service, operation=operation, attributes=tags, duration_min_ns=shortest))
    assert search_question(query)


@settings(deadline=None)
@given(key=names, value=values, place=st.integers(0, 4))
def test_a_trace_that_is_an_answer_is_a_candidate(key, value, place):
    said = [{key: value} if number == place else {} for number in range(5)]
    one = span(
        "op",
        attributes=said[0],
        resource=Resource(attributes=said[1]),
        scope=Scope(attributes=said[2]),
        events=(Event(name=text(value), attributes=said[3]),),
        links=(Link(attributes=said[4]),),
    )
    trace = StoredTrace(trace_id=TRACE_ID, spans=[one], arrived_ms=NOON_NS // 1_000_000)
    for name in (key, f"resource.{key}"):
        request = asked(operation="op", attributes={name: text(value)})
        if is_answer(request, trace):
            assert search_question(query_of(request)).evaluate(trace)
