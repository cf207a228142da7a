"""A trace that is archived lives longer, whatever it is made of, and nothing else about it changes."""

import pytest

from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.collector.archive import archive
from chalicelib.collector.collect import collect
from chalicelib.model.errors import NoSuchTrace
from chalicelib.query.traces import read_spans
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryBlockStore
from tests.actors import TRACE_ID, span
from tests.clocks import Clock
from tests.in_memory import TENANT, services_in_memory

DAY_S = 24 * 3600
SETTINGS = Settings(retention_days=14, archive_days=90)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def services(clock):
    blocks = MemoryBlockStore(clock.now_ns, SETTINGS.retention_s)
    return services_in_memory(settings=SETTINGS, now_ns=clock.now_ns, blocks=blocks)


def keep(services, clock, *names, undecided=False):
    for name in names:
        if undecided:
            from chalicelib.codecs.otlp.grouping import group  # noqa: PLC0415

            blocks = group([from_spans([span(name)])], 10_000).blocks
            services.blocks.write(TENANT, blocks, clock.deadline(), undecided=True)
        else:
            collect(services, TENANT, [Decoded(from_spans([span(name)]))], clock.deadline())


def names(services, clock):
    try:
        return sorted(one.name for one in read_spans(services, TENANT, TRACE_ID, clock.deadline()))
    except NoSuchTrace:
        return []


def archived(services, clock):
    return archive(services, TENANT, TRACE_ID, clock.deadline())


def kept(services, clock):
    return list(services.blocks.read_kept(TENANT, TRACE_ID, clock.deadline(), covered=True))


@pytest.mark.parametrize("undecided", [False, True])
def test_an_archived_trace_is_there_as_a_whole_until_the_archives_time_is_over(services, clock, undecided):
    keep(services, clock, "a", "b", undecided=undecided)
    archived(services, clock)
    assert names(services, clock) == ["a", "b"]
    clock.advance_s(89 * DAY_S)
    assert names(services, clock) == ["a", "b"]
    clock.advance_s(2 * DAY_S)
    assert names(services, clock) == []


def test_archiving_twice_changes_nothing(services, clock):
    keep(services, clock, "a", "b")
    assert archived(services, clock) == 1
    first = kept(services, clock)
    clock.advance_s(3600)
    assert archived(services, clock) == 1
    assert kept(services, clock) == first


def test_spans_that_come_later_are_archived_when_somebody_does_it_again(services, clock):
    keep(services, clock, "a")
    archived(services, clock)
    clock.advance_s(DAY_S)
    keep(services, clock, "late")
    assert names(services, clock) == ["a", "late"]
    assert archived(services, clock) == 2
    clock.advance_s(80 * DAY_S)
    assert names(services, clock) == ["a", "late"]


def test_an_archive_never_shortens_a_life(services, clock):
    keep(services, clock, "a")
    before = max(one.expires_at_s for one in kept(services, clock))
    short = services_in_memory(settings=Settings(archive_days=1), now_ns=clock.now_ns, blocks=services.blocks)
    archived(short, clock)
    assert min(one.expires_at_s for one in kept(services, clock)) >= before


def test_a_trace_of_many_blocks_becomes_few_that_each_hold_what_they_cover(services, clock):
    keep(services, clock, *map(str, range(1700)))
    assert archived(services, clock) == 3
    covers = [one.covers for one in kept(services, clock) if one.covers]
    assert sum(map(len, covers)) == 1700
    clock.advance_s(20 * DAY_S)
    assert len(names(services, clock)) == 1700


def test_there_is_nothing_to_archive_of_a_trace_that_is_not_there(services, clock):
    with pytest.raises(NoSuchTrace):
        archived(services, clock)
