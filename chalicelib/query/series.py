"""TraceQL metrics over a range, hour by hour from the newest, exactly: every candidate is read and every span counted.

Spans are counted where they begin, whatever trace they belong to. A question that is not done by its deadline is
answered for the newest steps that are, and goes on from there with a cursor.
"""

from contextlib import closing

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.found import Scanned
from chalicelib.model.windows import NS_PER_MS, Window
from chalicelib.query import cursors
from chalicelib.query.ahead import readers
from chalicelib.query.cursors import Cursor, Position
from chalicelib.query.hours import Look, by_span, slices
from chalicelib.query.pages import why_partial
from chalicelib.query.questions import MetricsQuestion, metrics_question
from chalicelib.query.scanning import Account
from chalicelib.query.sources import within_memory
from chalicelib.query.verifying import read_traces
from chalicelib.search.series import Accumulator, Series, default_step, instant
from chalicelib.services import Services

DEFAULT_SERIES = 100
MAX_SERIES = 1000
MAX_EXEMPLARS = 100


class SeriesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A metrics query. With `cursor` it goes on with the range that the cursor carries, and `window` is not looked at.

    `step_ns` None is a step that gives some 240 samples. `is_instant`: one sample, over the whole window. At most
    `max_series` series are answered (1 to MAX_SERIES) and `exemplars` spans named in all (0 to MAX_EXEMPLARS).
    """

    query: str
    window: Window
    step_ns: int | None = None
    is_instant: bool = False
    exemplars: int = 0
    max_series: int = DEFAULT_SERIES
    cursor: str | None = None


class SeriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """Series over the whole steps from `covered.start_ns` on; `step_ns` is None for an instant query.

    `partial` says why that is not all of the range that was asked for, or what else is missing; `cursor` asks for the
    steps before, where there are any that can be answered. `notes` are for people.
    """

    series: tuple[Series, ...]
    step_ns: int | None
    covered: Window
    scanned: Scanned
    notes: tuple[str, ...] = ()
    cursor: str | None = None
    partial: str | None = None


def query_series(services: Services, tenant: str, request: SeriesRequest, deadline: Deadline) -> SeriesPage:
    """The series of a metrics query, or the newest part of them.

    Raises QueryError for a query that cannot be asked, numbers or a range that mean nothing, and a cursor that is not
    of this query; StoreError as the stores do.
    """
    _check(request)
    question = metrics_question(request.query)
    begin = cursors.resume(_identity(request), request.cursor, request.window)
    window = Window(begin.window.start_ns, begin.position.start_ns)
    step_ns = None if request.is_instant else request.step_ns or default_step(begin.window)
    accumulator = _accumulator(request, question, window, step_ns)
    account = Account(deadline)
    problems: list[str] = []
    with readers() as pool:
        look = Look(services, tenant, question.plan, question.compile_regex, pool, account)
        reached_ns = _add_up(look, accumulator, problems)
    covered = Window(_whole_steps_from(accumulator.window, reached_ns, step_ns), accumulator.window.end_ns)
    is_done = covered == accumulator.window and reached_ns <= covered.start_ns
    goes_on = not is_done and step_ns is not None and covered.start_ns < covered.end_ns
    following = Cursor(begin.window, Position(covered.start_ns, ""))
    return SeriesPage(
        series=tuple(each if step_ns is None else _cut(each, covered) for each in accumulator.series()),
        step_ns=step_ns,
        covered=covered,
        scanned=account.told(),
        notes=accumulator.notes,
        cursor=cursors.encode(_identity(request), following) if goes_on else None,
        partial=why_partial(is_late=not is_done, problems=problems),
    )


def _check(request: SeriesRequest) -> None:
    if not 1 <= request.max_series <= MAX_SERIES:
        raise QueryError(f"a limit of {request.max_series} series is not between 1 and {MAX_SERIES}")
    if not 0 <= request.exemplars <= MAX_EXEMPLARS:
        raise QueryError(f"{request.exemplars} exemplars are not between 0 and {MAX_EXEMPLARS}")
    if request.window.end_ns <= request.window.start_ns:
        raise QueryError("the end of the range is not after its start")


def _identity(request: SeriesRequest) -> str:
    return f"series {request.step_ns} {request.is_instant} {request.query}"


def _accumulator(request: SeriesRequest, question: MetricsQuestion, window: Window, step_ns: int | None) -> Accumulator:
    limits = {"exemplars": request.exemplars, "max_series": request.max_series}
    if step_ns is None:
        return instant(question.query, window, **limits)
    return Accumulator(question.query, window, step_ns, **limits)


def _add_up(look: Look, accumulator: Accumulator, problems: list[str]) -> int:
    """Add the traces of the accumulator's window; the moment from which on every span has been counted."""
    reached_ns = accumulator.window.end_ns
    window = within_memory(look.services, accumulator.window)
    if window.end_ns <= window.start_ns:
        return accumulator.window.start_ns
    try:
        for hour in by_span(look, window):
            for part, trace_ids in slices(hour):
                if not _add_slice(look, accumulator, part, trace_ids, problems):
                    return reached_ns
                reached_ns = part.start_ns
            if look.account.is_out_of_time() and reached_ns > window.start_ns:
                return reached_ns
    except StoreError:
        if not look.account.is_out_of_time():
            raise
        return reached_ns
    return accumulator.window.start_ns


def _add_slice(look: Look, accumulator: Accumulator, part: Window, trace_ids: list[str], problems: list[str]) -> bool:
    """Add what these traces have in `part`; whether there was time for all."""
    look.account.candidates += len(trace_ids)
    with closing(read_traces(look, trace_ids)) as reading:
        for _ in trace_ids:
            if look.account.is_out_of_time():
                return False
            _, verified = next(reading)
            look.account.traces += 1
            if verified.trace is not None:
                accumulator.add(verified.trace, part)
            elif verified.problem is not None:
                problems.append(verified.problem)
    return True


def _whole_steps_from(window: Window, reached_ns: int, step_ns: int | None) -> int:
    """Where the first step begins of which everything was counted; for an instant query, where counting ended."""
    return reached_ns if step_ns is None else min(window.end_ns, -(-reached_ns // step_ns) * step_ns)


def _cut(series: Series, covered: Window) -> Series:
    first_ms = covered.start_ns // NS_PER_MS
    if not series.samples or series.samples[0][0] >= first_ms:
        return series
    return Series(
        series.labels,
        tuple(sample for sample in series.samples if sample[0] >= first_ms),
        tuple(exemplar for exemplar in series.exemplars if exemplar.timestamp_ms >= first_ms),
    )
