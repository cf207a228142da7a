"""`GET /api/metrics/query_range` and `/api/metrics/query`: TraceQL metrics as series, or as one value each."""

import re
from collections.abc import Sequence
from datetime import datetime

from chalicelib.codecs.tempo.messages import QUERY_INSTANT, QUERY_RANGE
from chalicelib.codecs.tempo.search import scan_metrics
from chalicelib.codecs.tempo.series import Label, instant_series, series_response, time_series
from chalicelib.model.access import Principal
from chalicelib.model.errors import QueryError
from chalicelib.model.windows import NS_PER_S, Window
from chalicelib.query.series import MAX_EXEMPLARS, MAX_SERIES, SeriesPage, SeriesRequest, query_series
from chalicelib.routes.answers import Answer
from chalicelib.routes.request import Request
from chalicelib.routes.tempo.dialect import answer_of, count_of, duration_of, reader_of
from chalicelib.search.series import Series
from chalicelib.search.syntax import Static
from chalicelib.services import Services

DEFAULT_SINCE_NS = 3600 * NS_PER_S

_SECONDS = re.compile(r"\d{1,10}(\.\d{1,9})?")
_NANOSECONDS = re.compile(r"\d{11,19}")
_STEP_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


def get_query_range(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Series of samples, one for each step."""
    page = _page(services, caller, request, is_instant=False)
    series = [
        time_series(
            _labels(each.labels),
            each.samples,
            [(_labels(own.labels), own.value, own.timestamp_ms) for own in each.exemplars],
        )
        for each in page.series
    ]
    return answer_of(services, request, QUERY_RANGE, series_response(series, _metrics(page), _missing(page)))


def get_query_instant(services: Services, caller: Principal | None, request: Request) -> Answer:
    """One value for each series, over the whole range."""
    page = _page(services, caller, request, is_instant=True)
    series = [instant_series(_labels(each.labels), _only_value(each)) for each in page.series if each.samples]
    return answer_of(services, request, QUERY_INSTANT, series_response(series, _metrics(page), _missing(page)))


def window_of(services: Services, request: Request) -> Window:
    """From `start` or `since` ago (an hour) to `end` or now."""
    end_ns = moment_of(request, "end") or services.now_ns()
    start_ns = moment_of(request, "start")
    if start_ns is None:
        start_ns = end_ns - (duration_of(request, "since") or DEFAULT_SINCE_NS)
    return Window(start_ns, end_ns)


def moment_of(request: Request, name: str) -> int | None:
    """Epoch nanoseconds from seconds (up to ten digits, fractions allowed), nanoseconds, or RFC 3339."""
    text = request.find_one(name)
    if not text:
        return None
    if _NANOSECONDS.fullmatch(text):
        return int(text)
    if _SECONDS.fullmatch(text):
        whole, _, fraction = text.partition(".")
        return int(whole) * NS_PER_S + int(fraction.ljust(9, "0"))
    return _rfc3339(name, text)


def _rfc3339(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise QueryError(f"{name}={text[:64]!r} is neither epoch seconds, nor nanoseconds, nor RFC 3339")
    return int(moment.timestamp()) * NS_PER_S + moment.microsecond * 1000


def _page(services: Services, caller: Principal | None, request: Request, *, is_instant: bool) -> SeriesPage:
    tenant = reader_of(caller, request)
    query = request.find_one("q") or request.find_one("query")
    if not query:
        raise QueryError("a metrics query is needed in q")
    asked = SeriesRequest(
        query=query,
        window=window_of(services, request),
        step_ns=None if is_instant else _step_ns(request),
        is_instant=is_instant,
        exemplars=0 if is_instant else min(count_of(request, "exemplars", 0) or MAX_EXEMPLARS, MAX_EXEMPLARS),
        max_series=min(count_of(request, "maxSeries", 0) or MAX_SERIES, MAX_SERIES),
    )
    return query_series(services, tenant, asked, request.deadline)


def _step_ns(request: Request) -> int | None:
    """The step, in seconds without a unit or as a duration; None leaves it to the range."""
    text = request.find_one("step")
    if text and _STEP_SECONDS.fullmatch(text):
        step_ns = round(float(text) * NS_PER_S)
    else:
        step_ns = duration_of(request, "step") or 0
    if text and not step_ns:
        raise QueryError(f"step={text[:64]!r} is not longer than nothing")
    return step_ns or None


def _metrics(page: SeriesPage) -> dict[str, object]:
    return dict(scan_metrics(page.scanned, page.partial))


def _missing(page: SeriesPage) -> str:
    return "; ".join([*([page.partial] if page.partial else []), *page.notes])


def _labels(labels: Sequence[tuple[str, Static]]) -> list[Label]:
    return [(name, static.type.value, static.value) for name, static in labels]


def _only_value(series: Series) -> float:
    return series.samples[0][1]
