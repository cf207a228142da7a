"""Which attributes spans have, and with which values: what an editor completes a query with.

Keys and values come from the rollups' catalogs, those of unsealed windows from their segments. Where a query narrows
the values down, the newest traces that it is about are read instead, so that what is offered goes with what was
typed; these are a sample. How many traces have a value is for sorting: those of the newest minutes may count twice.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from typing import NamedTuple

from chalicelib.model.attributes import SERVICE_NAME, UNKNOWN_SERVICE
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError, StoreError
from chalicelib.model.reports import AttributesReport, KnownAttribute, KnownValue, ValuesReport, covered
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.query.ahead import readers
from chalicelib.query.hours import Look, by_start, newest_first
from chalicelib.query.pages import DEADLINE_REASON
from chalicelib.query.questions import search_question
from chalicelib.query.rollups import ReadRollups, read_rollups
from chalicelib.query.scanning import Account
from chalicelib.query.sources import read_segments, within_memory
from chalicelib.query.values import INTRINSIC, fields_named, scope_and_key, values_in
from chalicelib.query.verifying import read_traces
from chalicelib.rollups import attributes as catalogs
from chalicelib.rollups.catalog import RESOURCE
from chalicelib.rollups.folding import OTHER
from chalicelib.rollups.keys import ERRORS
from chalicelib.rollups.rollup import Rollup
from chalicelib.search import regex
from chalicelib.search.conditions import EVERY_TRACE
from chalicelib.search.index import CatalogKey, Row, remembering
from chalicelib.search.plan import partial_plan
from chalicelib.search.syntax import Intrinsic
from chalicelib.services import Services

DEFAULT_VALUES = 100
MAX_VALUES = 1000
SAMPLED_TRACES = 200
SCOPES = ("resource", "span", "event", "link", "instrumentation", INTRINSIC)

_SAMPLE_REASON = f"only the newest {SAMPLED_TRACES} traces were looked at"
_EVERY_SPAN_HAS = (
    (Intrinsic.SPAN_NAME, "string"),
    (Intrinsic.SPAN_KIND, "kind"),
    (Intrinsic.SPAN_STATUS, "status"),
    (Intrinsic.SPAN_DURATION, "duration"),
    (Intrinsic.TRACE_DURATION, "duration"),
)
_ENUMERATIONS = {
    Intrinsic.SPAN_KIND.value: ("kind", ("unspecified", "internal", "server", "client", "producer", "consumer")),
    Intrinsic.SPAN_STATUS.value: ("status", ("unset", "ok", "error")),
}

_Value = tuple[str, str, str | int | float | bool | None]  # scope, type, value


class ValuesRequest(NamedTuple):
    """Values of `key` in `scope` (of SCOPES; None: in any), at most `limit`; of traces that `query` is about, if any.

    The query may be unfinished: what can be understood of it counts.
    """

    key: str
    scope: str | None
    window: Window
    query: str = ""
    limit: int = DEFAULT_VALUES


class _Found(NamedTuple):
    """By value the number of traces, as far as `window` (or a sample) tells."""

    counts: Counter[_Value]
    window: Window
    partial: str | None
    is_complete: bool


def attributes_report(
    services: Services, tenant: str, scope: str | None, window: Window, deadline: Deadline
) -> AttributesReport:
    """The attributes of a scope, or of all. Raises QueryError for a scope that there is not, or an empty window."""
    _check_scope(scope)
    account = Account(deadline)
    found, recent, _ = _catalogs(services, tenant, window, account)
    types: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key in catalogs.attributes(found.by_hour.values()):
        types[key.scope, key.key].update(key.types)
    for entry in recent:
        types[scope_and_key(entry.field)].update(entry.types)
    if types:
        for intrinsic, type_name in _EVERY_SPAN_HAS:
            types[INTRINSIC, intrinsic.value].add(type_name)
    return AttributesReport(
        attributes=tuple(
            KnownAttribute(scope=each, key=key, types=tuple(sorted(names)))
            for (each, key), names in sorted(types.items())
            if scope in {None, each}
        ),
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial,
    )


def values_report(services: Services, tenant: str, request: ValuesRequest, deadline: Deadline) -> ValuesReport:
    """The values of an attribute or intrinsic. Raises as `attributes_report` does, and for a limit out of range."""
    _check_scope(request.scope)
    if not 1 <= request.limit <= MAX_VALUES:
        raise QueryError(f"a limit of {request.limit} is not between 1 and {MAX_VALUES}")
    account = Account(deadline)
    plan = partial_plan(request.query)
    gather = _catalogued if plan == EVERY_TRACE else _sampled
    return _report(request, gather(services, tenant, request, account), account)


def _check_scope(scope: str | None) -> None:
    if scope is not None and scope not in SCOPES:
        raise QueryError(f"{scope[:64]!r} is not a scope; there are {', '.join(SCOPES)}")


def _catalogs(
    services: Services, tenant: str, window: Window, account: Account
) -> tuple[ReadRollups, list[CatalogKey], list[Row]]:
    """What is sealed of the window's hours, and what came since, of spans in the window: fields, and the traces.

    Segments come first: what is sealed in between is seen twice, and not never.
    """
    recent: list[CatalogKey] = []
    traces: list[Row] = []
    for index in read_segments(services, tenant, account):
        rows = index.rows(index.everything)
        if any(row.start_ns < window.end_ns and window.start_ns <= row.end_ns for row in rows):
            recent += index.catalog()
            traces += rows
    return read_rollups(services, tenant, window, account), recent, traces


def _catalogued(services: Services, tenant: str, request: ValuesRequest, account: Account) -> _Found:
    found, recent, traces = _catalogs(services, tenant, request.window, account)
    counts: Counter[_Value] = Counter()
    is_complete = True
    for told in catalogs.attribute_values(found.by_hour.values(), request.key, request.scope):
        counts.update({(told.scope, each.type, each.value): each.traces for each in told.values})
        is_complete &= told.complete
    for entry in recent:
        scope, key = scope_and_key(entry.field)
        if key == request.key and request.scope in {None, scope}:
            counts.update({(scope, static.type.value, static.value): count for static, count in entry.values})
            is_complete &= entry.complete
    if request.key == SERVICE_NAME and request.scope in {None, RESOURCE}:
        for service in _services(found.by_hour):
            counts.setdefault((RESOURCE, "string", service), 1)
    if request.scope in {None, INTRINSIC}:
        counts.update(_of_red(request.key, found.by_hour))
        counts.update(_of_roots(request.key, traces))
    return _Found(counts, found.window, found.partial, is_complete)


def _services(rollups: Mapping[int, Rollup]) -> set[str]:
    """The services that sent spans; catalogs leave out names of which few traces have many, RED has all."""
    found = {service for rollup in rollups.values() for (service, *_), count in rollup.red.items() if count > 0}
    return found - {OTHER, UNKNOWN_SERVICE}


def _of_red(key: str, rollups: Mapping[int, Rollup]) -> Mapping[_Value, int]:
    """The values of intrinsics that no catalog lists."""
    if key in _ENUMERATIONS:
        type_name, names = _ENUMERATIONS[key]
        return {(INTRINSIC, type_name, name): 1 for name in names}
    if key != Intrinsic.SPAN_NAME.value:
        return {}
    calls: Counter[_Value] = Counter()
    for rollup in rollups.values():
        for (_, operation, _, _, slot), count in rollup.red.items():
            if slot != ERRORS and operation != OTHER:
                calls[INTRINSIC, "string", operation] += count
    return calls


def _of_roots(key: str, traces: Iterable[Row]) -> Mapping[_Value, int]:
    """The names and services of the roots of traces that are not sealed, if it is these that are asked for."""
    if key not in {Intrinsic.TRACE_ROOT_NAME.value, Intrinsic.TRACE_ROOT_SERVICE.value}:
        return {}
    is_name = key == Intrinsic.TRACE_ROOT_NAME.value
    roots = (row.root_name if is_name else row.root_service for row in traces)
    return Counter((INTRINSIC, "string", root) for root in roots if root is not None)


def _report(request: ValuesRequest, found: _Found, account: Account) -> ValuesReport:
    ordered = sorted(found.counts.items(), key=lambda each: (-each[1], each[0][:2], str(each[0][2])))
    return ValuesReport(
        values=tuple(
            KnownValue(scope=scope, type=type_name, value=value, traces=count)
            for (scope, type_name, value), count in ordered[: request.limit]
        ),
        complete=found.is_complete and found.partial is None and len(ordered) <= request.limit,
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial,
    )


def _sampled(services: Services, tenant: str, request: ValuesRequest, account: Account) -> _Found:
    """The values that the newest traces have which the query is about."""
    counts: Counter[_Value] = Counter()
    with readers() as pool:
        look = Look(services, tenant, partial_plan(request.query), remembering(regex.compile), pool, account)
        try:
            partial = _count_newest(look, request, counts)
        except StoreError:
            if not account.is_out_of_time():
                raise
            partial = DEADLINE_REASON
    return _Found(counts, request.window, partial, partial is None)


def _count_newest(look: Look, request: ValuesRequest, counts: Counter[_Value]) -> str | None:
    """Count the values in the newest traces; why not in all, or None."""
    matched_spans = _matched_spans(request.query)
    fields = fields_named(request.key, request.scope)
    with closing(_newest(look, within_memory(look.services, request.window))) as traces:
        for trace in traces:
            if look.account.is_out_of_time():
                return DEADLINE_REASON
            if look.account.traces == SAMPLED_TRACES:
                return _SAMPLE_REASON
            look.account.traces += 1
            values = values_in(trace, fields, matched_spans(trace))
            counts.update((scope, static.type.value, static.value) for scope, static in values)
    return None


def _matched_spans(query: str) -> Callable[[StoredTrace], set[str] | None]:
    """The ids of the spans that match, where the query can be asked; else None, for all."""
    try:
        question = search_question(query)
    except QueryError:
        return lambda _trace: None

    def matched(trace: StoredTrace) -> set[str] | None:
        try:
            spansets = question.evaluate(trace)
        except QueryError:  # what only shows on values; somebody is still typing
            return None
        return {matched.span.span_id for spanset in spansets for matched in spanset.spans}

    return matched


def _newest(look: Look, window: Window) -> Generator[StoredTrace, None, None]:
    """Traces that begin in the window and may match, newest first as far as views know."""
    seen: set[str] = set()
    if window.end_ns <= window.start_ns:
        return
    for hour in by_start(look, window):
        ids = [trace_id for trace_id in newest_first(hour.found) if trace_id not in seen]
        look.account.candidates += len(ids)
        with closing(read_traces(look, ids)) as reading:
            for trace_id, verified in reading:
                seen.add(trace_id)
                if verified.trace is not None and window.start_ns <= verified.trace.extent().start_ns < window.end_ns:
                    yield verified.trace
