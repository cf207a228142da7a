"""X-Ray's header as AWS's services send it."""

import pytest
from hypothesis import given

from chalicelib.propagation import xray
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts

TRACE, SPAN = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def span(span_id=SPAN, sampled=None):
    return TraceContext(TRACE, span_id, sampled=sampled, format="xray")


@pytest.mark.parametrize(
    ("header", "context"),
    [
        (f"Root={ROOT};Parent={SPAN};Sampled=1", span(sampled=True)),
        (f"Root={ROOT};Parent={SPAN};Sampled=0", span(sampled=False)),
        (f"Root={ROOT};Parent={SPAN};Sampled=?", span()),
        (f"Root={ROOT};Parent={SPAN}", span()),
        (f"Root={ROOT};Sampled=1", span("", sampled=True)),
        (f"Root={ROOT}", span("")),
        (f"Root={ROOT};Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2", span("")),
        (f"Self=1-67891234-12456789abcdef012345678a;Root={ROOT}", span("")),
        (f"Root={ROOT}; Parent={SPAN} ; Sampled=1", span(sampled=True)),
        (f"root={ROOT};PARENT={SPAN};sampled=1", span(sampled=True)),
        (f"Sampled=1;Parent={SPAN};Root={ROOT}", span(sampled=True)),
        (f"Root={ROOT};nonsense;;=;Parent={SPAN};Sampled=1;", span(sampled=True)),
        (f"Root={ROOT.upper()};Parent={SPAN.upper()}", span()),
        (f"Root={ROOT};Parent=53995c3f;Sampled=yes", span("")),
        (f"Root={ROOT};Parent={'0' * 16}", span("")),
    ],
)
def test_what_is_there_is_read(header, context):
    assert xray.extract(Headers([("X-Amzn-Trace-Id", header)])) == context


@pytest.mark.parametrize(
    "header",
    ["", "Root=", f"Parent={SPAN};Sampled=1", f"Root={TRACE}", "Root=2" + ROOT[1:], f"Root={ROOT}0",
     f"Root={ROOT[:-1]}",
     "Root=1-00000000-" + "0" * 24, f"Root={ROOT.replace('5', 'x')}", f"Root={ROOT};" * 400],
)  # fmt: skip
def test_without_a_valid_root_there_is_nothing(header):
    assert xray.parse(header) is None


@pytest.mark.parametrize(
    ("header", "extras"),
    [
        (f"Root={ROOT};Parent={SPAN};Sampled=1;Lineage=1:a87bd80c:0", "Lineage=1:a87bd80c:0"),
        (
            f"Self=1-67891234-12456789abcdef012345678a;Root={ROOT};CalledFrom=app;Lineage=x:1",
            "CalledFrom=app;Lineage=x:1",
        ),
        (f"Root={ROOT}; a = b=c ;broken;d=", "a=b=c;d="),
        (f"Root={ROOT};evil=a\r\nSet-Cookie: b;café=1;ok=1", "ok=1"),
        (f"Root={ROOT};Parent={SPAN};Sampled=1", ""),
        ("", ""),
    ],
)
def test_what_x_ray_wants_passed_on_keeps_its_order(header, extras):
    assert xray.extras(header) == extras


def test_extras_are_limited_to_whole_pairs():
    header = ";".join(f"k{number}={'x' * 94}" for number in range(1, 10))
    assert len(xray.extras(header)) == len(header.split(";")[0]) * 5 + 4
    assert len(xray.extras("Lineage=" + "x" * (xray.MAX_EXTRA_CHARACTERS - 8))) == xray.MAX_EXTRA_CHARACTERS
    assert xray.extras("Lineage=" + "x" * xray.MAX_EXTRA_CHARACTERS) == ""


@pytest.mark.parametrize(
    ("context", "extras", "header"),
    [
        (span(sampled=True), "", f"Root={ROOT};Parent={SPAN};Sampled=1"),
        (span(sampled=False), "Lineage=x:1;a=b", f"Root={ROOT};Parent={SPAN};Sampled=0;Lineage=x:1;a=b"),
        (span(), "", f"Root={ROOT};Parent={SPAN}"),
        (span(""), "", f"Root={ROOT}"),
        (TraceContext("", "", sampled=True), "Lineage=x:1", ""),
    ],
)
def test_root_parent_and_sampled_come_first(context, extras, header):
    assert xray.format(context, extras) == header


@given(contexts())
def test_what_is_written_is_read_again(context):
    written = {}
    xray.inject(context, written.__setitem__)
    again = xray.extract(Headers(written.items()))
    assert (again.trace_id, again.span_id, again.sampled) == (context.trace_id, context.span_id, context.sampled)


@given(contexts())
def test_the_dashed_form_is_the_same_id(context):
    assert xray.undashed(xray.dashed(context.trace_id)) == context.trace_id
    assert len(xray.dashed(context.trace_id)) == 35
