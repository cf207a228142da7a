import os
import subprocess
import sys
from hashlib import blake2b
from random import Random

import pytest
from hypothesis import given, settings

from chalicelib.search.conditions import Compare, Exists, SpanMatch, TraceMatch
from chalicelib.search.index import MAX_BODY_BYTES, Index, entry_of, pack, pack_parts, union
from chalicelib.search.index.entry import overflowing
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, Static, StaticType
from tests.actors import TRACE_ID, span, trace
from tests.search.index.corpus import corpus
from tests.search.index.naive import compile_regex
from tests.search.index.strategies import stored, traces

EVERY_WAY = [
    SpanMatch(Compare(Attribute(AttributeScope.ANY, "service.name"), Operator.EQUAL, Static(StaticType.STRING, "x"))),
    SpanMatch(Compare(Attribute(AttributeScope.SPAN, "id"), Operator.EQUAL, Static(StaticType.STRING, "no such id"))),
    SpanMatch(Compare(Attribute(AttributeScope.SPAN, "n"), Operator.LESS, Static(StaticType.INT, 500))),
    SpanMatch(Compare(Intrinsic.SPAN_NAME, Operator.REGEX, Static(StaticType.STRING, ".*"))),
    SpanMatch(Exists(Attribute(AttributeScope.SPAN, "faas.coldstart"))),
    TraceMatch(Compare(Intrinsic.TRACE_ROOT_NAME, Operator.EQUAL, Static(StaticType.STRING, "x"))),
    TraceMatch(Compare(Intrinsic.TRACE_DURATION, Operator.GREATER, Static(StaticType.INT, 0))),
]


def entries(count, seed=5):
    return [entry_of(one) for one in corpus(count, seed)]


def read_everything(body):
    index = Index.unpack(body, whole=True)
    for leaf in EVERY_WAY:
        index.match(leaf, compile_regex)
    index.rows(index.everything)
    index.catalog()
    index.find({TRACE_ID})


@settings(max_examples=60, deadline=None)
@given(found=traces())
def test_rows_come_back_as_they_were_packed(found):
    packed = {entry.trace_id: entry for entry in map(entry_of, found)}
    index = Index.unpack(pack(packed.values()))
    rows = index.rows(index.everything)
    assert len(index) == len(rows) == len(packed)
    assert index.trace_ids() == [row.trace_id for row in rows]
    for row in rows:
        entry = packed[row.trace_id]
        assert {name: getattr(row, name) for name in row.__struct_fields__} == {
            name: getattr(entry, name) for name in row.__struct_fields__
        }


def test_the_same_entries_are_the_same_bytes_in_whatever_order_they_come():
    found = entries(40)
    body = pack(found)
    for seed in range(3):
        assert pack(Random(seed).sample(found, len(found))) == body


def test_the_same_entries_are_the_same_bytes_in_every_process():
    """Sets of bytes have another order in each process."""
    code = (
        "from hashlib import blake2b; from tests.search.index.test_packing import *; "
        "print(blake2b(pack(entries(30))).hexdigest())"
    )
    told = {
        subprocess.run(  # noqa: S603  # our own code
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {blake2b(pack(entries(30))).hexdigest()}


def test_two_entries_of_one_trace_become_one_row():
    halves = [entry_of(stored(TRACE_ID, half)) for half in (trace()[:4], trace()[4:])]
    assert pack(halves) == pack([union(halves)])


def test_an_index_of_nothing_has_no_rows():
    index = Index.unpack(pack([]))
    read_everything(pack([]))
    assert (len(index), index.everything, index.rows(0), index.trace_ids(), index.catalog()) == (0, 0, [], [], [])
    assert pack_parts([]) == []


def test_traces_are_found_by_their_ids():
    found = entries(20)
    index = Index.unpack(pack(found))
    some = {entry.trace_id for entry in found[:3]}
    assert {row.trace_id for row in index.rows(index.find(some | {"00" * 16}))} == some


def test_parts_are_halves_that_fit_and_together_hold_everything():
    found = entries(60)
    parts = pack_parts(found, 3000)
    assert len(parts) > 1
    assert max(map(len, parts)) <= 3000
    ids = [trace_id for part in parts for trace_id in sorted(Index.unpack(part).trace_ids())]
    assert ids == sorted(entry.trace_id for entry in found)
    assert pack_parts(found[::-1], 3000) == parts
    assert pack_parts(found) == [pack(found)]


class TestHostileEntries:
    def hostile(self, trace_id, seed):
        """One that stays within the number of terms, and weighs as much as it can: nothing in it repeats."""
        random = Random(seed)
        attributes = {random.randbytes(100).hex(): random.randbytes(100).hex() for _ in range(8_000)}
        return entry_of(stored(trace_id, [span("a", attributes=attributes)]))

    def test_many_together_are_split_until_they_fit_and_one_that_never_fits_overflows(self):
        found = [self.hostile(f"{n:032x}", n) for n in range(1, 4)] + entries(10)
        parts = pack_parts(found)
        assert max(map(len, parts)) <= MAX_BODY_BYTES
        for part in parts:
            read_everything(part)
        nowhere = SpanMatch(Exists(Attribute(AttributeScope.SPAN, "nowhere")))
        candidates = {
            row.trace_id
            for index in map(Index.unpack, parts)
            for row in index.rows(index.match(nowhere, compile_regex))
        }
        assert candidates == {f"{n:032x}" for n in range(1, 4)}

    def test_one_that_overflows_matches_whatever_is_asked_of_spans_and_the_others_do_not(self):
        found = entries(30)
        index = Index.unpack(pack([overflowing(found[0]), *found[1:]]))
        for leaf in EVERY_WAY[:2]:
            assert found[0].trace_id in {row.trace_id for row in index.rows(index.match(leaf, compile_regex))}
            assert index.match(leaf, compile_regex).bit_count() < 5

    def test_a_trace_that_cannot_be_made_to_fit_is_said_so(self):
        with pytest.raises(ValueError, match="does not fit"):
            pack_parts(entries(1), 20)


class TestBrokenBodies:
    BODY = pack([entry_of(stored(TRACE_ID, trace())), *entries(3)])

    def test_an_unknown_version_is_refused(self):
        for broken in (b"", b"\0", b"\2" + self.BODY[1:]):
            with pytest.raises(ValueError, match="version"):
                Index.unpack(broken)

    def test_a_body_cut_short_at_any_byte_is_refused(self):
        for end in range(len(self.BODY)):
            with pytest.raises(ValueError):  # noqa: PT011  # which end is missing differs
                Index.unpack(self.BODY[:end])
        with pytest.raises(ValueError, match="long"):
            Index.unpack(self.BODY + b"\0")

    def test_a_body_with_any_byte_changed_gives_an_answer_or_a_value_error(self):
        random = Random(3)
        for at in range(len(self.BODY)):
            broken = bytearray(self.BODY)
            broken[at] ^= 1 << random.randrange(8)
            try:
                read_everything(bytes(broken))
            except ValueError:
                continue

    def test_sections_of_any_bytes_give_an_answer_or_a_value_error(self):
        """What zstd would have caught: the bytes inside a section, changed before they are squeezed."""
        from chalicelib.search.index.frames import expand, squeeze  # noqa: PLC0415
        from chalicelib.search.index.reading import Index as Read  # noqa: PLC0415
        from chalicelib.search.index.sections import Sections  # noqa: PLC0415

        random = Random(4)
        whole = Sections.of(self.BODY, whole=True)
        for _ in range(1000):
            kept = dict(whole._kept)
            name = random.choice(["rows", "keys", "values", "sets"])
            section = bytearray(expand(kept[name]))
            for _ in range(random.randint(1, 3)):
                section[random.randrange(len(section))] = random.randrange(256)
            kept[name] = squeeze(bytes(section[: random.randint(len(section) // 2, len(section) * 2)]))
            index = Read(Sections(kept, whole.row_count, whole=True))
            try:
                for leaf in EVERY_WAY:
                    index.match(leaf, compile_regex)
                index.rows(index.everything)
                index.catalog()
            except ValueError:
                continue
