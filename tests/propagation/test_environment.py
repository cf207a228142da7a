"""Variables as a carrier; names are the specification's examples."""

import pytest

from chalicelib.propagation import composite, environment
from chalicelib.propagation.context import TraceContext

CONTEXT = TraceContext("a" * 32, "b" * 16, sampled=True, trace_state="v=1", format="tracecontext")
VARIABLES = {"TRACEPARENT": f"00-{'a' * 32}-{'b' * 16}-01", "TRACESTATE": "v=1", "BAGGAGE": "k=v"}


@pytest.mark.parametrize(
    ("name", "variable"),
    [("traceparent", "TRACEPARENT"), ("X-B3-TraceId", "X_B3_TRACEID"), ("1st.key", "_1ST_KEY"), ("", "_"),
     ("ß", "_"), ("\u0663a", "_A")],
)  # fmt: skip
def test_names_become_what_a_shell_can_say(name, variable):
    assert environment.variable(name) == variable


def test_what_a_parent_wrote_is_read():
    extracted = environment.read(VARIABLES | {"PATH": "/bin", "REQUEST_ID": f"|{'c' * 32}.{'d' * 16}."})
    assert extracted == composite.Extracted((CONTEXT,), (("k", "v"),))


def test_only_the_normalised_name_is_read():
    assert environment.read({"traceparent": VARIABLES["TRACEPARENT"]}) == composite.NOTHING


def test_a_child_is_given_the_variables():
    child = {"PATH": "/bin", "TRACEPARENT": "stale"}
    environment.write(CONTEXT, child, baggage=[("k", "v")])
    assert child == VARIABLES | {"PATH": "/bin"}


def test_other_formats_can_be_asked_for():
    child = {}
    environment.write(CONTEXT, child, composite.named("b3multi"))
    assert child == {"X_B3_TRACEID": "a" * 32, "X_B3_SPANID": "b" * 16, "X_B3_SAMPLED": "1"}
    assert environment.read(child, composite.named("b3multi")).contexts[0].span_id == "b" * 16
