"""Thrift in both of its protocols, against what was written, what is cut off, and what is made to hurt."""

import struct
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.thrift import MEMORY_MULTIPLE
from chalicelib.codecs.thrift.reader import MAX_DEPTH, BinaryReader, CompactReader
from chalicelib.codecs.thrift.schema import BOOL, BYTES, DOUBLE, I8, I16, I32, I64, TEXT, Field, ListOf, Struct
from chalicelib.codecs.thrift.writer import write_binary, write_compact
from chalicelib.model.errors import PayloadError

LEAF = Struct("Leaf", {1: Field("key", TEXT, required=True), 2: Field("value", I32)})
TREE = Struct(
    "Tree",
    {
        1: Field("flag", BOOL),
        2: Field("small", I8),
        3: Field("short", I16),
        4: Field("middle", I32),
        5: Field("large", I64),
        21: Field("ratio", DOUBLE),
        22: Field("text", TEXT),
        23: Field("raw", BYTES),
        24: Field("leaf", LEAF),
        300: Field("leaves", ListOf(LEAF)),
        301: Field("flags", ListOf(BOOL)),
        302: Field("lists", ListOf(ListOf(I64))),
    },
)
PROTOCOLS = [
    pytest.param(BinaryReader, write_binary, id="binary"),
    pytest.param(CompactReader, write_compact, id="compact"),
]


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


leaves = st.fixed_dictionaries({"key": st.text(max_size=8)}, optional={"value": signed(32)})
trees = st.fixed_dictionaries(
    {},
    optional={
        "flag": st.booleans(),
        "small": signed(8),
        "short": signed(16),
        "middle": signed(32),
        "large": signed(64),
        "ratio": st.floats(allow_nan=False),
        "text": st.text(max_size=20),
        "raw": st.binary(max_size=20),
        "leaf": leaves,
        "leaves": st.lists(leaves, max_size=20),
        "flags": st.lists(st.booleans(), max_size=20),
        "lists": st.lists(st.lists(signed(64), max_size=3), max_size=3),
    },
)
FULL: dict[str, Any] = {
    "flag": True, "small": -5, "short": 300, "middle": -70_000, "large": 1 << 40, "ratio": 1.5,
    "text": "é", "raw": b"\xff\0",
    "leaf": {"key": "k", "value": 7}, "leaves": [{"key": str(n)} for n in range(16)], "flags": [True, False],
    "lists": [[1, -1], []],
}  # fmt: skip


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
@given(tree=trees)
def test_what_was_written_is_read(reader, write, tree):
    reading = reader(write(TREE, tree), "zipkin")
    assert reading.struct(TREE) == tree
    reading.end()


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
@given(tree=trees)
def test_fields_that_are_not_in_the_table_are_passed_over(reader, write, tree):
    reading = reader(write(TREE, tree), "zipkin")
    assert reading.struct(Struct("Tree", {5: TREE.fields[5]})) == {k: v for k, v in tree.items() if k == "large"}
    reading.end()


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_a_body_that_ends_early_is_a_payload_error_whichever_byte_it_ends_at(reader, write):
    body = write(TREE, FULL)
    for size in range(len(body)):
        with pytest.raises(PayloadError):
            reader(body[:size], "jaeger").struct(TREE)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_a_payload_error(reader, write, body):
    with suppress(PayloadError):
        reader(body, "jaeger").struct(TREE)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_a_field_of_another_type_is_named(reader, write):
    body = write(Struct("Tree", {22: Field("text", I64)}), {"text": 1})
    with pytest.raises(PayloadError, match=r"Tree\.text is of type i64, not string, at byte"):
        reader(body, "zipkin").struct(TREE)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_a_list_of_other_values_is_named(reader, write):
    body = write(Struct("Tree", {300: Field("leaves", ListOf(I64))}), {"leaves": [1]})
    with pytest.raises(PayloadError, match="a list of i64, not of struct"):
        reader(body, "zipkin").struct(TREE)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_a_struct_without_what_it_must_have_is_named(reader, write):
    with pytest.raises(PayloadError, match="a Leaf without key"):
        reader(write(LEAF, {"value": 1}), "zipkin").struct(LEAF)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_what_follows_is_an_error(reader, write):
    reading = reader(write(LEAF, {"key": "k"}) + b"more", "zipkin")
    reading.struct(LEAF)
    with pytest.raises(PayloadError, match="4 bytes follow the last value"):
        reading.end()


@pytest.mark.parametrize(
    ("reader", "body"),
    [
        (BinaryReader, struct.pack(">bi", 12, 1 << 30)),
        (BinaryReader, struct.pack(">bi", 12, -1)),
        (BinaryReader, struct.pack(">bi", 11, 1) + struct.pack(">i", -2)),
        (BinaryReader, struct.pack(">bi", 11, 1) + struct.pack(">i", 1 << 30)),
        (CompactReader, b"\xfc\xff\xff\xff\xff\x0f"),
        (CompactReader, b"\xf8" + b"\xff" * 11),
        (CompactReader, b"\x18" + b"\xff" * 10 + b"\x01"),
    ],
)
def test_hostile_lengths_are_payload_errors(reader, body):
    with pytest.raises(PayloadError):
        reader(body, "jaeger").list_of(LEAF if body[0] in {12, 0xFC} else TEXT)


@pytest.mark.parametrize(
    ("reader", "opening"),
    [(BinaryReader, b"\x0c\x00\x63"), (CompactReader, b"\x0c\xc6\x01")],
    ids=["binary", "compact"],
)
def test_hostile_nesting_is_a_payload_error(reader, opening):
    with pytest.raises(PayloadError, match=f"more than {MAX_DEPTH} deep"):
        reader(opening * 10_000, "jaeger").struct(TREE)


@pytest.mark.parametrize(("reader", "write"), PROTOCOLS)
def test_what_is_read_takes_a_stated_multiple_of_the_body_at_most(reader, write):
    body = write(ListOf(LEAF), [{"key": ""}] * 50_000)
    tracemalloc.start()
    read = reader(body, "jaeger").list_of(LEAF)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(read) == 50_000
    assert taken < MEMORY_MULTIPLE * len(body)


def test_text_that_is_no_utf_8_keeps_what_it_can():
    body = write_binary(Struct("Leaf", {1: Field("key", BYTES)}), {"key": b"caf\xe9"})
    assert BinaryReader(body, "zipkin").struct(LEAF) == {"key": "caf�"}
