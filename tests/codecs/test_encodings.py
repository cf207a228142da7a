"""Bodies as they come: packed as the header says, packed otherwise, damaged, or made to burst."""

import contextlib
import gzip as stdlib_gzip
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs import encodings
from chalicelib.model.errors import PayloadError, PayloadTooLarge

BODY = b"\x0a\x03abc" * 50
LIMIT = 1_000_000


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def zstd_without_size(body):
    """As a streaming sender writes it: the frame does not say how long its content is."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(body) + packer.flush()


PACKERS = {
    "gzip": stdlib_gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd without size": zstd_without_size,
}


def packers(*names):
    return pytest.mark.parametrize(
        ("header", "pack"), [(name.split()[-1 if name.startswith("raw") else 0], PACKERS[name]) for name in names]
    )


ALL = packers(*PACKERS)


def decompress(body, header, limit_bytes=LIMIT):
    return encodings.decompress(body, header, limit_bytes, "otlp")


@pytest.mark.parametrize("header", [None, "", "identity", " Identity "])
def test_a_plain_body_is_taken_as_it_is(header):
    assert decompress(BODY, header) == BODY


@ALL
def test_a_packed_body_is_unpacked(header, pack):
    assert decompress(pack(BODY), header) == BODY


@ALL
def test_an_empty_body_may_be_packed_too(header, pack):
    assert decompress(pack(b""), header) == b""


@pytest.mark.parametrize("header", ["GZIP", " gzip ", "x-gzip", "X-Gzip"])
def test_names_are_read_in_any_case(header):
    assert decompress(stdlib_gzip.compress(BODY), header) == BODY


def test_a_list_is_undone_from_the_last_to_the_first():
    packed = PACKERS["zstd"](stdlib_gzip.compress(BODY))
    assert decompress(packed, "gzip, zstd") == BODY
    assert decompress(zlib.compress(packed), "gzip,zstd, deflate") == BODY


def test_a_list_of_more_than_three_is_refused():
    with pytest.raises(PayloadError, match="more than 3 encodings"):
        decompress(BODY, "gzip, gzip, gzip, gzip")


@pytest.mark.parametrize(("header", "named"), [("br", "br"), ("gzip, Snappy", "snappy"), ("x" * 100, "x" * 40)])
def test_an_unknown_encoding_is_named(header, named):
    with pytest.raises(PayloadError) as raised:
        decompress(BODY, header)
    assert raised.value.detail == f"unsupported Content-Encoding: {named}"
    assert raised.value.status == 400


@pytest.mark.parametrize("header", [None, "identity", "gzip", "zstd", "deflate"])
@pytest.mark.parametrize("packed_as", ["gzip", "zstd", "zstd without size"])
def test_the_magic_number_is_believed_before_the_header(header, packed_as):
    assert decompress(PACKERS[packed_as](BODY), header) == BODY


@pytest.mark.parametrize("body", [BODY, b'{"resourceSpans":[]}', b" {}", b""])
@pytest.mark.parametrize("header", ["gzip", "deflate", "zstd"])
def test_a_body_that_was_unpacked_on_the_way_is_taken_as_it_is(header, body):
    """API Gateway inflates gzip and deflate requests itself and leaves the header in place."""
    assert decompress(body, header) == body


def test_gzip_may_have_several_members():
    assert decompress(stdlib_gzip.compress(b"one ") + stdlib_gzip.compress(b"two"), "gzip") == b"one two"


def test_zstd_may_have_several_frames():
    assert decompress(PACKERS["zstd"](b"one ") + zstd_without_size(b"two"), "zstd") == b"one two"


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_thousands_of_members_are_refused(name):
    with pytest.raises(PayloadError, match="more than 100"):
        decompress(PACKERS[name](b"") * 1000, name)


@packers("gzip", "deflate", "zstd", "zstd without size")
def test_a_stream_cut_short_is_a_payload_error_whichever_byte_is_missing(header, pack):
    packed = pack(BODY)
    for size in range(4, len(packed)):  # with fewer there is no magic number to know it by
        with pytest.raises(PayloadError, match="cannot be decompressed"):
            decompress(packed[:size], header)


@packers("gzip", "deflate", "zstd", "zstd without size")
@pytest.mark.parametrize("junk", [b"\x00", b"junk"])
def test_bytes_after_the_end_are_a_payload_error(header, pack, junk):
    with pytest.raises(PayloadError, match="cannot be decompressed"):
        decompress(pack(BODY) + junk, header)


@pytest.mark.parametrize("header", [None, "gzip"])
def test_a_plain_body_over_the_limit_is_too_large(header):
    with pytest.raises(PayloadTooLarge) as raised:
        decompress(BODY, header, limit_bytes=len(BODY) - 1)
    assert raised.value.limit_bytes == len(BODY) - 1
    assert raised.value.status == 413
    assert decompress(BODY, header, limit_bytes=len(BODY)) == BODY


@ALL
def test_a_packed_body_may_be_as_large_as_the_limit_and_no_larger(header, pack):
    assert decompress(pack(BODY), header, limit_bytes=len(BODY)) == BODY
    with pytest.raises(PayloadTooLarge, match=f"larger than {len(BODY) - 1} bytes"):
        decompress(pack(BODY), header, limit_bytes=len(BODY) - 1)


def test_members_share_one_limit():
    with pytest.raises(PayloadTooLarge):
        decompress(stdlib_gzip.compress(BODY) * 2, "gzip", limit_bytes=len(BODY) * 2 - 1)


@ALL
def test_a_bomb_costs_no_more_memory_than_the_limit(header, pack):
    bomb = pack(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(PayloadTooLarge):
        decompress(bomb, header)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * LIMIT


def test_a_bomb_in_a_bomb_is_stopped_at_the_outer_one():
    inner = zlib.compress(bytes(10_000_000))
    with pytest.raises(PayloadTooLarge):
        decompress(zlib.compress(inner), "deflate, deflate")


@given(st.binary(), st.sampled_from([None, "gzip", "deflate", "zstd", "gzip, zstd"]))
def test_no_bytes_at_all_raise_anything_else(body, header):
    for start in (b"", b"\x1f\x8b\x08\x00", b"\x78\x9c", b"\x28\xb5\x2f\xfd"):
        with contextlib.suppress(PayloadError):
            decompress(start + body, header)


@given(st.binary())
def test_gzip_for_answers_is_read_by_others_and_always_the_same(body):
    assert stdlib_gzip.decompress(encodings.gzip(body)) == body
    assert encodings.gzip(body) == encodings.gzip(body)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP, deflate", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("br;q=1, *;q=0.1", True),
        ("identity", False),
        ("x-gzip", True),
        ("gzip;q=much", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header, accepted):
    assert encodings.accepts_gzip(header) is accepted
