"""What the native API answers about many spans: services, attributes, the graph, RED and TraceQL metrics.

Around the structs of model/rollups.py each answer says what it is about: `covered`, the part of the range that was
asked for that it tells of, and `partial`, why that is not all. Names and moments in JSON are as in model/found.py.
"""

import msgspec

from chalicelib.model.found import Field, Scanned
from chalicelib.model.rollups import (
    Dependency,
    GraphEdge,
    GraphNode,
    OperationSummary,
    RedSeries,
    ServiceSummary,
)
from chalicelib.model.windows import Window


class Covered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From the start, inclusive, to the end, exclusive."""

    start_time_unix_nano: str
    end_time_unix_nano: str


def covered(window: Window) -> Covered:
    """`window` as answers tell it."""
    return Covered(start_time_unix_nano=str(window.start_ns), end_time_unix_nano=str(window.end_ns))


class ServicesReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The services that have spans, by name."""

    services: tuple[ServiceSummary, ...]
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class OperationsReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The operations of a service, by name and kind; none of a service that has no spans."""

    operations: tuple[OperationSummary, ...]
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class GraphReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The service graph."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class DependenciesReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The dependencies of a dialect, by parent and child."""

    links: tuple[Dependency, ...]
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class RedReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """RED series in steps of `step_s`."""

    series: tuple[RedSeries, ...]
    step_s: int
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class KnownAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that some span has. `scope` is a TraceQL scope, or "intrinsic". `types` are those of its values."""

    scope: str
    key: str
    types: tuple[str, ...]


class AttributesReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes that spans have, by scope and key."""

    attributes: tuple[KnownAttribute, ...]
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class KnownValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of an attribute, and about how many traces have it."""

    scope: str
    type: str
    value: str | int | float | bool | None
    traces: int


class ValuesReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Values of an attribute, most frequent first. `complete`: none but those of the newest seconds is missing."""

    values: tuple[KnownValue, ...]
    complete: bool
    covered: Covered
    scanned: Scanned
    partial: str | None = None


class ShownExemplar(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A span behind a series: its ids as labels, and where it lies on the chart."""

    labels: tuple[Field, ...]
    value: float
    timestamp_ms: int


class ShownSeries(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Samples [timestamp in epoch milliseconds, value] by time, each at the start of its step; gaps are left out."""

    labels: tuple[Field, ...]
    samples: tuple[tuple[int, float], ...]
    exemplars: tuple[ShownExemplar, ...] = ()


class SeriesReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The series of a TraceQL metrics query, by their labels, over the whole steps that are `covered`.

    `step_ns` is missing where there is one sample over the whole range. `cursor` asks for the steps before, where the
    deadline left some out. `notes` are for people.
    """

    series: tuple[ShownSeries, ...]
    covered: Covered
    scanned: Scanned
    step_ns: int | None = None
    notes: tuple[str, ...] = ()
    cursor: str | None = None
    partial: str | None = None
