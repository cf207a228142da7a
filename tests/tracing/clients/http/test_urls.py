"""A URL on a span holds no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tracing.clients.http.urls import (
    MAX_URL_CHARS,
    SECRET_PARAMETERS,
    assembled,
    authority,
    is_signed,
    redacted,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://user:pass@example.org/", "https://REDACTED:REDACTED@example.org/"),
        ("https://user@example.org", "https://REDACTED:REDACTED@example.org"),
        ("https://a@b@example.org/x@y", "https://REDACTED:REDACTED@example.org/x@y"),
        ("https://example.org/?email=a@b.org", "https://example.org/?email=a@b.org"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&x=1",
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=REDACTED&x=1",
        ),
        ("https://h/?sig=a%2Fb", "https://h/?sig=REDACTED"),
        (
            "https://h/?a=1&AWSAccessKeyId=AKIA&Signature=s#f",
            "https://h/?a=1&AWSAccessKeyId=REDACTED&Signature=REDACTED#f",
        ),
        ("https://h/?design=1&signature_version=2", "https://h/?design=1&signature_version=2"),
        ("not a url", "not a url"),
        ("", ""),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert redacted(url) == shown


@given(
    name=st.sampled_from(SECRET_PARAMETERS), secret=st.text("abcdef0123456789%", min_size=8), before=st.text("xyz=&")
)
def test_no_secret_parameter_is_shown_wherever_it_stands(name: str, secret: str, before: str) -> None:
    assert secret not in redacted(f"https://h/?{before}&{name}={secret}&more=1").replace("REDACTED", "")


def test_a_long_url_is_cut_before_it_is_looked_at() -> None:
    assert len(redacted("https://h/?" + "sig=" * 100_000)) <= MAX_URL_CHARS


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a", ("example.org", 443)),
        ("http://example.org:8080?x", ("example.org", 8080)),
        ("http://u:p@example.org:81/@", ("example.org", 81)),
        ("http://[::1]:9000/", ("::1", 9000)),
        ("http://[::1]/", ("::1", 80)),
        ("ftp://h/", ("h", 0)),
        ("http://h:no/", ("h", 80)),
        ("/path", ("", 0)),
        ("", ("", 0)),
    ],
)
def test_host_and_port(url: str, expected: tuple[str, int]) -> None:
    assert authority(url) == expected


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        (("http", "h", 80, "/a?b"), "http://h/a?b"),
        (("https", "h", 8443, "/"), "https://h:8443/"),
        (("https", "h", None, "a"), "https://h/a"),
        (("http", "::1", 80, "/"), "http://[::1]/"),
        (("http", "proxy", 3128, "http://h/a"), "http://h/a"),
    ],
)
def test_a_request_that_is_known_by_its_parts(parts: tuple[str, str, int | None, str], url: str) -> None:
    assert assembled(*parts) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/?X-Amz-Signature=a", True),
        ("https://h/?a&sig=b", True),
        ("https://h/?design=1", False),
        ("https://h/sig=", False),
    ],
)
def test_a_signed_url_is_known_by_its_parameter(url: str, expected: bool) -> None:
    assert is_signed(url) is expected
