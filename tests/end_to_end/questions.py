"""A small shop's traces, and a question for every endpoint that reads what was derived from them."""

from collections.abc import Mapping
from typing import Any

from chalicelib.codecs.otlp.messages import Span as OtlpSpan
from chalicelib.codecs.otlp.messages import TracesData
from tests.clocks import NOON_NS
from tests.codecs.otlp.actors import attributes, message, sent_by, span

S = 1_000_000_000
LINKED = "11" * 16


def trace_id(number: int) -> str:
    return f"{number:02x}" * 16


def shop(owner: str = "shop", *, count: int = 6, at_ns: int = NOON_NS, first: int = 0x11) -> list[TracesData]:
    """One post for each trace: a frontend that calls a cart; every other one fails, and all but one link to the first.

    Everything that has a name or a value has `owner` in it.
    """
    return [_trace(owner, number, at_ns - (number - first) * S) for number in range(first, first + count)]


def _trace(owner: str, number: int, begins_ns: int) -> TracesData:
    ids = {"trace_id": bytes([number]) * 16}
    link = OtlpSpan.Link(trace_id=bytes.fromhex(LINKED), span_id=b"\x01" * 8, attributes=attributes(why=f"why {owner}"))
    outer = span(
        2 * number,
        **ids,
        name=f"GET {owner}",
        kind=OtlpSpan.SPAN_KIND_SERVER,
        start_time_unix_nano=begins_ns,
        end_time_unix_nano=begins_ns + S,
        attributes=attributes(user=f"user of {owner}", **{f"only {owner}": 1}),
        links=[link] if trace_id(number) != LINKED else [],
    )
    outer.status.code = 2 if number % 2 else 0
    inner = span(
        2 * number + 1,
        **ids,
        name=f"ask {owner}",
        parent_span_id=outer.span_id,
        kind=OtlpSpan.SPAN_KIND_CLIENT,
        start_time_unix_nano=begins_ns + 1000,
        end_time_unix_nano=begins_ns + S // 2,
        events=[OtlpSpan.Event(name=f"event of {owner}", time_unix_nano=begins_ns)],
    )
    return message(sent_by(f"front of {owner}", outer), sent_by(f"cart of {owner}", inner))


def around(at_ns: int) -> str:
    """The range of two hours that ends a minute after `at_ns`."""
    end_s = at_ns // S + 60
    return f"start={end_s - 7200}&end={end_s}"


NATIVE = (
    "/v1/search?limit=2&",
    "/v1/search?q={status=error}%20|%20select(span.user)&",
    "/v1/services?",
    "/v1/services/front%20of%20shop/operations?",
    "/v1/attributes?",
    "/v1/attributes/user/values?",
    "/v1/attributes/user/values?q={status=error}&",
    "/v1/graph?",
    "/v1/metrics?by=service,operation&step=60&",
    "/v1/metrics/query?q={}|rate()by(span.user)&step=60&exemplars=5&",
    "/v1/metrics/query?q={}|compare({status=error})&step=600&",
    f"/v1/traces/{LINKED}/links?",
)
TEMPO = (
    "/tempo/api/search?q={}&",
    "/tempo/api/search?tags=user%3Duser&",
    "/tempo/api/search/tags?",
    "/tempo/api/v2/search/tags?",
    "/tempo/api/search/tag/user/values?",
    "/tempo/api/v2/search/tag/span.user/values?q={status=error}&",
    "/tempo/api/v2/search/tag/resource.service.name/values?",
    "/tempo/api/metrics/query_range?q={}|rate()by(span.user)&step=60&exemplars=5&",
    "/tempo/api/metrics/query?q={}|count_over_time()by(resource.service.name)&",
    f"/tempo/api/traces/{LINKED}?",
    f"/tempo/api/v2/traces/{LINKED}?",
    f"/tempo/api/v2/traces/{LINKED}?q={{}}&",
)
EVERY = NATIVE + TEMPO


def is_partial(told: Mapping[str, Any]) -> bool:
    """Whether an answer, as JSON, says that it is not all."""
    metrics = told.get("metrics", {})  # 0 is left out
    is_incomplete = metrics.get("completedJobs", 0) < metrics.get("totalJobs", 0)
    return "partial" in told or told.get("status") == "PARTIAL" or is_incomplete
