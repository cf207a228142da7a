"""How a deployed Spanfold speaks of itself: powertools' JSON log lines, and metrics in the same log (CloudWatch EMF).

Both go to standard output, which Lambda keeps; nothing is called. The correlation id of a line is Lambda's request
id. Counts of zero are left out: CloudWatch sums what is there, and every name costs.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

NAMESPACE = "Spanfold"
SERVICE = "spanfold"


class PowertoolsTelemetry:
    """One per container. A Lambda container answers one request at a time, and so does this."""

    def __init__(self) -> None:
        self._logger = Logger(service=SERVICE, location=None)  # it would always name this file
        self._metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
        self._counts: dict[str, int] = defaultdict(int)

    @contextmanager
    def during(self, request_id: str) -> Iterator[None]:
        """Lines carry `request_id`; the counts go out as one EMF line at the end, whatever happened."""
        self._logger.set_correlation_id(request_id)
        try:
            yield
        finally:
            self._flush()

    def count(self, counts: Mapping[str, int]) -> None:
        """Names that begin with "bytes" are bytes, all others plain counts."""
        for name, number in counts.items():
            self._counts[name] += number

    def note(self, message: str, fields: Mapping[str, object]) -> None:
        """One line at info level."""
        self._logger.info(message, extra=dict(fields))

    def warning(self, message: str, fields: Mapping[str, object]) -> None:
        """One line at warning level."""
        self._logger.warning(message, extra=dict(fields))

    def failure(self, message: str, error: Exception) -> None:
        """One line at error level, with the traceback."""
        self._logger.error(message, exc_info=error)

    def _flush(self) -> None:
        counted = {name: number for name, number in self._counts.items() if number}
        self._counts.clear()
        for name, number in counted.items():
            self._metrics.add_metric(name=name, unit="Bytes" if name.startswith("bytes") else "Count", value=number)
        if counted:
            self._metrics.flush_metrics()
