from base64 import b64encode
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import PayloadError, QueryError
from chalicelib.routes.request import Request, body_of, headers_of, millis_left, query_of
from tests.routes.posts import event


def asked(query: dict[str, tuple[str, ...]]) -> Request:
    return Request(
        method="GET",
        path="/",
        path_params={},
        headers={},
        query=query,
        body=b"",
        request_id="-",
        deadline=Deadline(0, lambda: 0),
    )


def test_header_names_are_lower_case_and_repeated_headers_joined():
    multi = {"Accept": ["a/b", "c/d"], "X-API-Key": ["k"]}
    assert headers_of({"multiValueHeaders": multi, "headers": {"Accept": "c/d"}}) == {
        "accept": "a/b, c/d",
        "x-api-key": "k",
    }


def test_a_header_in_two_cases_is_one_header():
    assert headers_of({"multiValueHeaders": {"accept": ["a/b"], "Accept": ["c/d"]}}) == {"accept": "a/b, c/d"}


def test_plain_headers_are_enough_and_nulls_are_none():
    assert headers_of({"headers": {"Accept": "a/b", "X": None}, "multiValueHeaders": None}) == {"accept": "a/b"}


def test_every_value_of_a_repeated_query_key_is_kept_in_order():
    assert query_of(event("GET", "/", query={"tag": ["a", "b"], "empty": [""]})) == {"tag": ("a", "b"), "empty": ("",)}


def test_a_key_that_may_come_once_is_refused_when_it_comes_twice():
    assert asked({"cursor": ("a",)}).find_one("cursor") == "a"
    assert asked({}).find_one("cursor") is None
    with pytest.raises(QueryError, match="2 times"):
        asked({"cursor": ("a", "b")}).find_one("cursor")


@pytest.mark.parametrize(
    ("lambda_leaves_ms", "left_ms"), [(60_000, 28_000), (29_000, 28_000), (5_000, 4_000), (300, 0)]
)
def test_the_deadline_is_lambdas_within_the_gateways_less_a_margin(lambda_leaves_ms, left_ms):
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: lambda_leaves_ms)
    assert millis_left(context) == left_ms


def test_without_a_context_the_gateways_limit_holds():
    assert millis_left(None) == 28_000


@given(st.binary(max_size=200))
def test_a_body_is_what_was_sent(body):
    sent = {"body": b64encode(body).decode(), "isBase64Encoded": True}
    assert body_of(sent, 200, "otlp") == body


@pytest.mark.parametrize(
    "broken",
    ["QUI", "QU=I", "=QUI", "A===", "====", "QUI=QUI=", "QUI=\n", " QUI=", "QU-_", "QU\x00=", "éééé", "\ud800AAA"],
    ids=ascii,
)
def test_base64_is_taken_by_the_letter(broken):
    """What is skipped or made up would be somebody's span."""
    with pytest.raises(PayloadError, match="base64"):
        body_of({"body": broken, "isBase64Encoded": True}, 200, "otlp")
