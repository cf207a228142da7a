"""What a search found, as Tempo's SearchResponse."""

from collections.abc import Mapping
from typing import Any

from chalicelib.codecs.tempo.values import key_value
from chalicelib.model.found import FoundSpan, FoundSpanset, FoundTrace, Scanned, SearchPage

ROOT_NOT_FOUND = "<root span not yet received>"

_NS_PER_MS = 1_000_000
_MAX_MS = 2**32 - 1


def search_response(page: SearchPage) -> Mapping[str, Any]:
    """A SearchResponse (messages.SEARCH). An answer that is partial says so by a job that was not completed."""
    return {"traces": [_trace(found) for found in page.traces], "metrics": scan_metrics(page.scanned, page.partial)}


def scan_metrics(scanned: Scanned, partial: str | None) -> Mapping[str, Any]:
    """A SearchMetrics: one job, completed unless the answer is partial."""
    return {
        "inspectedTraces": scanned.traces,
        "inspectedBytes": scanned.view_bytes,
        "totalBlocks": scanned.views,
        "completedJobs": 0 if partial else 1,
        "totalJobs": 1,
        "totalBlockBytes": scanned.view_bytes,
    }


def _trace(found: FoundTrace) -> Mapping[str, Any]:
    spansets = [_spanset(each) for each in found.span_sets]
    return {
        "traceID": found.trace_id,
        "rootServiceName": found.root_service or ROOT_NOT_FOUND,
        "rootTraceName": found.root_name or "",
        "startTimeUnixNano": int(found.start_time_unix_nano),
        "durationMs": min(found.duration_ns // _NS_PER_MS, _MAX_MS),
        "spanSet": spansets[0] if spansets else None,
        "spanSets": spansets,
        "serviceStats": {
            each.service: {"spanCount": each.span_count, "errorCount": each.error_count} for each in found.services
        },
    }


def _spanset(spanset: FoundSpanset) -> Mapping[str, Any]:
    return {
        "spans": [_span(span) for span in spanset.spans],
        "matched": spanset.matched,
        "attributes": [key_value(field.key, field.value) for field in spanset.attributes],
    }


def _span(span: FoundSpan) -> Mapping[str, Any]:
    return {
        "spanID": span.span_id,
        "name": span.name,
        "startTimeUnixNano": int(span.start_time_unix_nano),
        "durationNanos": span.duration_ns,
        "attributes": [key_value(field.key, field.value) for field in span.fields],
    }
