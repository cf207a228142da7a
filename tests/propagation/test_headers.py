"""Headers as events hand them over."""

from chalicelib.propagation.headers import MAX_VALUE_CHARACTERS, Headers


def test_names_are_found_in_any_case_and_values_stay_in_order():
    headers = Headers([("B3", "1"), ("b3", "2"), ("x", "3")])
    assert headers.all("b3") == ["1", "2"]
    assert headers.only("b3") is None
    assert headers.only("x") == "3"


def test_what_is_no_text_or_too_long_is_left_out():
    longest = "x" * MAX_VALUE_CHARACTERS
    headers = Headers([("a", None), (None, "a"), ("b", 1), ("c", longest + "x"), ("d", longest)])
    assert headers.all("a") + headers.all("b") + headers.all("c") == []
    assert headers.only("d") == longest


def test_several_values_win_over_single_ones():
    assert Headers.of({"a": "2"}, {"A": ["1", "2"]}).all("a") == ["1", "2"]
    assert Headers.of({"a": "2"}, {}).all("a") == Headers.of({"a": "2"}, None).all("a") == ["2"]
    assert not Headers.of(None, [])


def test_headers_are_found_by_how_their_name_begins():
    headers = Headers([("Uberctx-A", "1"), ("other", "2"), ("uberctx-b", "3"), ("uberctx-a", "4")])
    assert list(headers.starting("uberctx-")) == [("uberctx-a", "1"), ("uberctx-b", "3")]
