"""Which services depend on which, as Zipkin and as Jaeger link them, read from rollups.

A trace counts in the minute in which it began, whole; the ends of a range are widened to whole minutes. What is not
sealed yet is not in here: two or three minutes, as a rule.
"""

from chalicelib.model.deadline import Deadline
from chalicelib.model.reports import DependenciesReport, covered
from chalicelib.model.windows import Window
from chalicelib.query.rollups import read_rollups
from chalicelib.query.scanning import Account
from chalicelib.rollups import dependencies
from chalicelib.rollups.keys import JAEGER, ZIPKIN
from chalicelib.services import Services


def zipkin_links(services: Services, tenant: str, window: Window, deadline: Deadline) -> DependenciesReport:
    """Zipkin's links of the traces that began in the window, by parent and child, with errors.

    Raises QueryError for an empty window, StoreError as the store does.
    """
    return _links(services, tenant, window, deadline, ZIPKIN, None)


def jaeger_links(
    services: Services, tenant: str, window: Window, deadline: Deadline, service: str | None = None
) -> DependenciesReport:
    """Jaeger's links of these traces, those of a service with itself among them; no errors are counted.

    With `service` only the links that it is an end of. Raises as `zipkin_links` does.
    """
    return _links(services, tenant, window, deadline, JAEGER, service)


def _links(  # noqa: PLR0913, PLR0917  # whose, of when, until when, in which dialect, of whom
    services: Services, tenant: str, window: Window, deadline: Deadline, dialect: frozenset[int], service: str | None
) -> DependenciesReport:
    account = Account(deadline)
    found = read_rollups(services, tenant, window, account)
    links = dependencies.dependencies(found.by_hour, found.window, dialect)
    return DependenciesReport(
        links=tuple(link for link in links if service in (None, link.parent, link.child)),
        covered=covered(found.window),
        scanned=account.told(),
        partial=found.partial,
    )
