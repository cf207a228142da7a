import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from functools import partial

import pytest

from chalicelib.tracing import carried, current_span, flush, span
from chalicelib.tracing.span import CLIENT, ERROR, UNSET


def flushed(recorder):
    flush()
    return recorder.spans


def test_a_block_is_a_span_and_blocks_nest(recorder):
    with span("outer", amount=12) as outer:
        assert current_span() is outer
        with span("inner", kind=CLIENT) as inner:
            inner.set_attribute("a", 1)
        assert current_span() is outer
    assert not current_span().is_recording
    first, second = flushed(recorder)
    assert (first.name, first.kind, first.parent_id, first.attributes) == ("inner", CLIENT, outer.span_id, {"a": 1})
    assert (second.name, second.attributes) == ("outer", {"amount": 12})


def test_an_exception_makes_it_an_error_and_goes_on(recorder):
    with pytest.raises(ValueError, match="declined"), span("charge"):
        raise ValueError("declined")
    (found,) = flushed(recorder)
    assert (found.status_code, found.attributes["error.type"]) == (ERROR, "ValueError")


def test_the_end_of_a_task_is_no_error(recorder):
    with pytest.raises(asyncio.CancelledError), span("wait"):
        raise asyncio.CancelledError
    assert flushed(recorder)[0].status_code == UNSET


def test_a_function_keeps_its_name_and_gives_it_to_its_span(recorder):
    @span()
    def charge(amount, *, twice=False):
        """Charge."""
        return amount * 2 if twice else amount

    @span
    def bare():
        return charge(3, twice=True)

    assert bare() == 6
    assert (charge.__name__, charge.__doc__) == ("charge", "Charge.")
    names = [found.name.rpartition(".")[2] for found in flushed(recorder)]
    assert names == ["charge", "bare"]


def test_each_call_is_a_span_of_its_own_recursion_too(recorder):
    @span("countdown")
    def countdown(number):
        return countdown(number - 1) if number else current_span()

    countdown(2)
    inner, middle, outer = flushed(recorder)
    assert (inner.parent_id, middle.parent_id, outer.parent_id) == (middle.span_id, outer.span_id, "")


def test_one_block_may_be_entered_again_and_within_itself(recorder):
    block = span("again")
    with block as outer, block as inner:
        pass
    assert [found.span_id for found in flushed(recorder)] == [inner.span_id, outer.span_id]


def test_coroutines_run_within_their_spans_side_by_side(recorder):
    @span("fetch")
    async def fetch(delay):
        here = current_span()
        for _ in range(delay):
            await asyncio.sleep(0)
        assert current_span() is here
        return here

    async def everything():
        async with span("all") as parent:
            found = await asyncio.gather(*(fetch(delay) for delay in (3, 1, 2)))
        return parent, found

    assert inspect.iscoroutinefunction(fetch)
    parent, found = asyncio.run(everything())
    assert {one.parent_id for one in found} == {parent.span_id}
    assert len({one.span_id for one in found}) == 3
    assert len(flushed(recorder)) == 4


def test_a_generators_span_is_current_only_while_it_runs(recorder):
    @span("read")
    def read():
        seen = []
        while len(seen) < 2:
            seen.append(current_span().name)
            yield len(seen)
        return seen

    with span("outer") as outer:
        steps = read()
        assert next(steps) == 1
        assert current_span() is outer
        assert next(steps) == 2
        with pytest.raises(StopIteration) as stop:
            next(steps)
    assert stop.value.value == ["read", "read"]
    assert [found.name for found in flushed(recorder)] == ["read", "outer"]


def test_a_generator_is_sent_and_thrown_what_its_caller_sends_and_throws(recorder):
    @span("talk")
    def talk():
        told = []
        while True:
            try:
                told.append((yield list(told)))
            except KeyError as error:
                told.append(type(error).__name__)

    with closing(talk()) as steps:
        assert next(steps) == []
        assert steps.send("hello") == ["hello"]
        assert steps.throw(KeyError("x")) == ["hello", "KeyError"]
    (found,) = flushed(recorder)
    assert found.status_code == UNSET


def test_a_generator_that_raises_is_an_error(recorder):
    @span("read")
    def read():
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(read())
    assert flushed(recorder)[0].status_code == ERROR


def test_an_asynchronous_generator_too(recorder):
    @span("pages")
    async def pages():
        told = []
        try:
            while True:
                await asyncio.sleep(0)
                assert current_span().name == "pages"
                told.append((yield len(told)))
        except KeyError:
            yield told

    async def walk():
        async with aclosing(pages()) as steps:
            assert await anext(steps) == 0
            assert not current_span().is_recording
            assert await steps.asend("next") == 1
            assert await steps.athrow(KeyError("x")) == ["next"]
            return [number async for number in steps]

    assert inspect.isasyncgenfunction(pages)
    assert asyncio.run(walk()) == []
    (found,) = flushed(recorder)
    assert (found.name, found.status_code) == ("pages", UNSET)


def test_an_asynchronous_generator_ends_by_itself_and_by_raising(recorder):
    @span("pages")
    async def pages(*, fails):
        yield 1
        if fails:
            raise OSError("gone")

    async def walk(*, fails):
        return [number async for number in pages(fails=fails)]

    assert asyncio.run(walk(fails=False)) == [1]
    with pytest.raises(OSError, match="gone"):
        asyncio.run(walk(fails=True))
    assert [found.status_code for found in flushed(recorder)] == [UNSET, ERROR]


def test_a_partial_and_an_object_are_functions_as_well(recorder):
    class Charge:
        async def __call__(self):
            return current_span().name

    assert span("partial")(partial(max, 1))(2) == 2
    assert asyncio.run(span()(Charge())()).endswith("Charge")
    assert len(flushed(recorder)) == 2


def test_what_is_carried_into_a_thread_finds_its_parent(recorder):
    def work():
        with span("work") as found:
            return found.parent_id

    with span("outer") as outer, ThreadPoolExecutor(2) as pool:
        parents = list(pool.map(carried(lambda _: work()), range(4)))
        assert pool.submit(carried(work)).result() == outer.span_id
        assert pool.submit(work).result() == ""
    assert set(parents) == {outer.span_id}
