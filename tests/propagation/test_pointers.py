"""The vectors are those of dd-trace-py's tests (tests/tracer/utils_botocore/test_span_pointers.py, read Nov 2026)."""

from decimal import Decimal

import pytest

from chalicelib.propagation.pointers import dynamodb_item, s3_object


@pytest.mark.parametrize(
    ("key", "etag", "pointer"),
    [
        ("some-key.data", "ab12ef34", "e721375466d4116ab551213fdea08413"),
        ("some-key.data", '"ab12ef34"', "e721375466d4116ab551213fdea08413"),
        ("some-key.你好", "ab12ef34", "d1333a04b9928ab462b5c6cadfa401f4"),
        ("some-key.data", "ab12ef34-5", "2b90dffc37ebc7bc610152c3dc72af9f"),
    ],
)
def test_an_object_has_datadogs_pointer(key, etag, pointer):
    assert s3_object("some-bucket", key, etag) == pointer


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [
        ({"some-key": {"S": "some-value"}}, "7f1aee721472bcb48701d45c7c7f7821"),
        ({"some-key": {"B": "c29tZS12YWx1ZQo="}}, "cc789e5ea89c317ac58af92d7a1ba2c2"),
        ({"some-key": {"N": "123.456"}}, "434a6dba3997ce4dbbadc98d87a0cc24"),
        ({"some-key": {"S": "some-value"}, "other-key": {"N": "123"}}, "7aa1b80b0e49bd2078a5453399f4dd67"),
        ({"other-key": {"N": "123"}, "some-key": {"S": "some-value"}}, "7aa1b80b0e49bd2078a5453399f4dd67"),
    ],
)
def test_an_item_has_datadogs_pointer(keys, pointer):
    assert dynamodb_item("some-table", keys) == pointer


@pytest.mark.parametrize(
    ("streamed", "written"),
    [
        ({"k": {"B": "c29tZS12YWx1ZQo="}}, {"k": {"B": b"some-value\n"}}),
        ({"k": {"B": "c29tZS12YWx1ZQo="}}, {"k": b"some-value\n"}),
        ({"k": {"S": "v"}}, {"k": "v"}),
        ({"k": {"N": "7"}}, {"k": 7}),
        ({"k": {"N": "7.5"}}, {"k": Decimal("7.5")}),
    ],
)
def test_a_key_is_the_same_as_the_stream_the_client_and_the_resource_write_it(streamed, written):
    assert dynamodb_item("t", streamed) == dynamodb_item("t", written) != ""


@pytest.mark.parametrize(
    "keys",
    [None, [], {}, {"a": {"S": "1"}, "b": {"S": "2"}, "c": {"S": "3"}}, {"a": {"M": {}}}, {"a": {}},
     {"a": {"S": "1", "N": "1"}}, {"a": ""}, {"a": True}, {1: {"S": "x"}}],
)  # fmt: skip
def test_what_is_no_key_has_no_pointer(keys):
    assert dynamodb_item("some-table", keys) == ""


def test_a_pointer_of_parts_that_are_missing_is_none():
    assert (s3_object("", "k", "e"), s3_object("b", "", "e"), s3_object("b", "k", '""')) == ("", "", "")
    assert dynamodb_item("", {"k": "v"}) == ""


def test_a_lone_surrogate_is_hashed_as_it_is():
    assert len(s3_object("b", "\ud800", "e")) == 32
