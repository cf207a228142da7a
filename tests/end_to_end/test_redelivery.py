"""The same spans, however they were sent: any order, repeated, batched otherwise, in other forms, after a crash."""

import random
from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.messages import ResourceSpans, TracesData
from tests import faults as f
from tests.clocks import Clock
from tests.codecs.otlp.actors import message, sent_by, span
from tests.end_to_end.backend import MEDIA_TYPES, PACKERS, Backend, trace_ids
from tests.engines import moto_tables
from tests.strategies import traces

patiently = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one_by_one(whole: TracesData) -> Iterator[ResourceSpans]:
    """Each span of `whole` alone, with its resource and scope around it."""
    for resource_spans in whole.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for each in scope_spans.spans:
                alone = ResourceSpans(schema_url=resource_spans.schema_url)
                if resource_spans.HasField("resource"):
                    alone.resource.CopyFrom(resource_spans.resource)
                around = alone.scope_spans.add(schema_url=scope_spans.schema_url)
                if scope_spans.HasField("scope"):
                    around.scope.CopyFrom(scope_spans.scope)
                around.spans.append(each)
                yield alone


def batched_otherwise(parts: Sequence[ResourceSpans], chance: random.Random) -> Iterator[TracesData]:
    """Posts of `parts` in any order, some of them twice."""
    mixed = [*parts, *chance.choices(parts, k=chance.randint(0, len(parts)))]
    chance.shuffle(mixed)
    while mixed:
        size = chance.randint(1, len(mixed))
        yield TracesData(resource_spans=mixed[:size])
        del mixed[:size]


def at_one_moment(whole: TracesData) -> TracesData:
    """Its spans as versions of one span of one trace: nothing but what else they say tells them apart."""
    for resource_spans in whole.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for each in scope_spans.spans:
                each.trace_id, each.span_id, each.start_time_unix_nano = b"\x01" * 16, b"\x02" * 8, 7
    return whole


@patiently
@given(whole=traces() | traces().map(at_one_moment), chance=st.randoms(use_true_random=False))
def test_the_same_spans_give_the_same_bytes_however_they_were_batched_packed_and_repeated(whole, chance):
    parts = list(one_by_one(whole))
    with moto_tables() as connection:
        once, otherwise = Backend(connection), Backend(connection, tenant="otherwise")
        assert once.post(whole).status == 200
        for post in batched_otherwise(parts, chance) if parts else ():
            reply = otherwise.post(post, chance.choice(MEDIA_TYPES), chance.choice([*PACKERS]))
            assert (reply.status, reply.body.strip(b"{}")) == (200, b"")
        for trace_id in trace_ids(whole):
            assert otherwise.readings(trace_id) == once.readings(trace_id)
            assert otherwise.readings(trace_id[16:]) == once.readings(trace_id[16:])


def many_traces() -> TracesData:
    """A post of three calls to DynamoDB: 60 traces of one or two spans."""
    spans = [span(n, trace_id=bytes([7]) * 15 + bytes([1 + n % 60]), name=f"step {n}") for n in range(1, 91)]
    return message(sent_by("cart", *spans[:45]), sent_by("stock", *spans[45:]))


def everything_in(backend: Backend, post: TracesData) -> list[tuple[bytes, bytes, bytes]]:
    return [backend.readings(trace_id) for trace_id in trace_ids(post)]


@pytest.fixture(scope="module")
def undisturbed() -> list[tuple[bytes, bytes, bytes]]:
    """What is read of `many_traces` when nothing went wrong."""
    with moto_tables() as connection:
        backend = Backend(connection)
        assert backend.post(many_traces()).status == 200
        return everything_in(backend, many_traces())


@pytest.mark.parametrize("death", [f.dies, f.applied_then_dies], ids=["before", "after"])
@pytest.mark.parametrize("media", MEDIA_TYPES)
def test_a_function_that_dies_at_any_step_has_lost_nothing_once_the_post_comes_again(undisturbed, death, media):
    """Also when it dies again at the next step, and again; until there is no step left at which it could."""
    with moto_tables() as connection:
        backend = Backend(connection, clock=Clock())
        for step in count(1):
            with f.faults(f.at(step, death), backend.clock) as calls:
                try:
                    reply = backend.post(many_traces(), media)
                except SystemExit:
                    continue
            break
        assert (step, len(calls), reply.status) == (4, 3, 200)
        assert everything_in(backend, many_traces()) == undisturbed


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("death", [f.dies, f.applied_then_dies], ids=["before", "after"])
def test_a_crash_among_items_that_were_handed_back_loses_nothing_either(undisturbed, death, step):
    """The first answer takes seven items and hands back the others."""
    dies_at = f.at(step, death)
    with moto_tables() as connection:
        backend = Backend(connection, clock=Clock())
        plan = f.in_turn(f.taking(7), operation="BatchWriteItem")
        with f.faults(lambda call: plan(call) if dies_at(call) is f.served else death, backend.clock):
            try:
                died = backend.post(many_traces()).status != 200
            except SystemExit:
                died = True
        assert died == (step < 5)
        assert backend.post(many_traces()).status == 200
        assert everything_in(backend, many_traces()) == undisturbed


def test_a_post_that_comes_again_many_times_is_kept_once(backend, undisturbed):
    with f.faults(f.served_well) as calls:
        for media in MEDIA_TYPES * 5:
            backend.post(many_traces(), media)
    assert len({(item["pk"]["B"], item["sk"]["B"]) for call in calls for item in call.items}) == 60
    assert everything_in(backend, many_traces()) == undisturbed
