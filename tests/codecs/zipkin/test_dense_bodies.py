"""Bodies of absurdly many values are told so, whatever they are written in, before they fill a function."""

import pytest

from chalicelib.codecs.thrift.reader import MAX_VALUES as MAX_THRIFT
from chalicelib.codecs.zipkin import MAX_VALUES, json_v1, json_v2, proto3, thrift_v1
from chalicelib.model.errors import PayloadTooLarge

DENSE = {
    "v2 JSON": (json_v2.read, b"[" + b"{}," * MAX_VALUES + b"{}]"),
    "v1 JSON": (json_v1.read, b"[" + b"{}," * MAX_VALUES + b"{}]"),
    "protobuf": (proto3.read, b"\x0a\x00" * (MAX_VALUES + 1)),
    "Thrift": (thrift_v1.read, b"\x0c" + (MAX_THRIFT + 1).to_bytes(4) + b"\0" * (MAX_THRIFT + 1)),
}


@pytest.mark.parametrize(("read", "body"), DENSE.values(), ids=DENSE)
def test_more_values_than_anybody_sends_are_too_many(read, body):
    with pytest.raises(PayloadTooLarge, match="more than"):
        read(body)
