import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.routes.negotiation import preferred

OFFERS = ("application/json", "application/x-protobuf", "application/protobuf")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/x-protobuf", "application/x-protobuf"),
        ("Application/X-Protobuf ; Q=0.9", "application/x-protobuf"),
        ("application/protobuf", "application/protobuf"),
        ("application/json, application/x-protobuf", "application/json"),
        ("application/json;q=0.5, application/x-protobuf", "application/x-protobuf"),
        ("application/x-protobuf;q=0.5, */*;q=0.1", "application/x-protobuf"),
        ("application/x-protobuf;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "application/x-protobuf"),
        ("text/html", "application/json"),
        ("application/x-protobuf;q=banana", "application/json"),
        (",;,=;q=", "application/json"),
    ],
)
def test_the_best_liked_offer_is_chosen_and_json_among_equals(accept, chosen):
    assert preferred(accept, OFFERS) == chosen


@given(st.text())
def test_any_accept_header_gives_some_offer(accept):
    assert preferred(accept, OFFERS) in OFFERS
