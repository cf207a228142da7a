"""`GET /v1/metrics/query`: TraceQL metrics."""

from chalicelib.model.access import Principal
from chalicelib.model.found import Field
from chalicelib.model.reports import SeriesReport, ShownExemplar, ShownSeries, covered
from chalicelib.query.series import SeriesPage, SeriesRequest, query_series
from chalicelib.routes import packing
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.native import parameters
from chalicelib.routes.native.parameters import window_of
from chalicelib.routes.request import Request
from chalicelib.search.series import Exemplar, Series
from chalicelib.search.series.results import Labels
from chalicelib.services import Services


def get_series(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The series of a metrics query."""
    tenant = tenant_of(caller)
    asked = SeriesRequest(
        query=parameters.METRICS_QUERY.of(request),
        window=window_of(request, services.now_ns()),
        step_ns=parameters.STEP.of(request),
        is_instant=parameters.INSTANT.of(request),
        exemplars=parameters.EXEMPLARS.of(request),
        max_series=parameters.SERIES_LIMIT.of(request),
        cursor=parameters.CURSOR.of(request),
    )
    page = query_series(services, tenant, asked, request.deadline)
    return packing.report(services, request, _report(page), "ask for a larger step or fewer series (limit)")


def _report(page: SeriesPage) -> SeriesReport:
    return SeriesReport(
        series=tuple(map(_series, page.series)),
        covered=covered(page.covered),
        scanned=page.scanned,
        step_ns=page.step_ns,
        notes=page.notes,
        cursor=page.cursor,
        partial=page.partial,
    )


def _series(series: Series) -> ShownSeries:
    return ShownSeries(
        labels=_labels(series.labels), samples=series.samples, exemplars=tuple(map(_exemplar, series.exemplars))
    )


def _exemplar(exemplar: Exemplar) -> ShownExemplar:
    return ShownExemplar(labels=_labels(exemplar.labels), value=exemplar.value, timestamp_ms=exemplar.timestamp_ms)


def _labels(labels: Labels) -> tuple[Field, ...]:
    return tuple(Field(key=name, value=static.value) for name, static in labels)
