"""The places in which a sender puts its context: headers, message attributes, a key of a JSON object.

What several places say is one answer, best first: complete contexts before halves, X-Ray's own header (which AWS writes
whether anybody traces or not) after all others of its rank, and else in the order in which the places were asked.
"""

from functools import lru_cache

from .. import composite, datadog, executions, jaeger
from ..composite import NOTHING, Extracted
from ..headers import Headers
from .untrusted import mapping, parsed, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..composite import Format
    from ..context import TraceContext

KEYS = ("_trace", "_datadog")  # of JSON objects; ours first
W3C = ("traceparent", "tracestate", "baggage")
OTEL_PREFIX = "otel."  # before each name, by opentelemetry-instrumentation-boto3sqs
XRAY_HEADER = "X-Amzn-Trace-Id"
_FIELDS = composite.fields()
MAX_VALUE_CHARS = 16_384  # of an attribute or header; baggage may have 8,192
MAX_NAME_CHARS = 256  # SQS's limit
MAX_PLACES = 64  # headers or attributes of one message; SQS and SNS allow 10 attributes


def of_headers(single: object, multiple: object = None) -> Extracted:
    """Of name to value, or name to values, in any case."""
    return extract(Headers.of(single, multiple))


def extract(headers: Headers) -> Extracted:
    """What the headers say in any format, asking only the formats that one of them belongs to."""
    names = tuple(name for name in _FIELDS if headers.all(name))
    if any(True for _ in headers.starting(jaeger.BAGGAGE_PREFIX)):
        names += (jaeger.BAGGAGE_PREFIX,)
    return composite.extract(headers, _formats(names)) if names else NOTHING


@lru_cache(maxsize=256)
def _formats(names: tuple[str, ...]) -> "tuple[Format, ...]":
    """The formats to which headers of these names, in any case, belong."""
    lower = {name.lower() for name in names}
    if any(name.startswith(jaeger.BAGGAGE_PREFIX) for name in lower):
        lower.update(jaeger.FIELDS)
    return tuple(module for module in composite.DEFAULT if not lower.isdisjoint(module.FIELDS))


def of_json(holder: "dict[str, object]") -> Extracted:
    """Of an object that a sender filled: under KEYS, as W3C's names, or in `headers`."""
    found = [of_object(holder[key]) for key in KEYS if key in holder]
    if isinstance(holder.get("traceparent"), str):
        found.append(extract(Headers((name, holder.get(name)) for name in W3C)))
    if "headers" in holder:
        found.append(of_headers(holder["headers"], holder.get("multiValueHeaders")))
    return merged(found)


def of_object(carried: object) -> Extracted:
    """Of what lies under one of KEYS: headers as an object (or its JSON), or Step Functions' context object."""
    if isinstance(carried, str) and '"Execution"' in carried[:MAX_VALUE_CHARS]:
        carried = parsed(carried) if len(carried) <= MAX_VALUE_CHARS else None
    if isinstance(carried, dict) and "Execution" in carried and "State" in carried:
        context = executions.context_of(carried)
        return Extracted((context,), ()) if context is not None else NOTHING
    return extract(datadog.headers_of(carried))


def of_attributes(attributes: object, xray_header: object = None) -> Extracted:
    """Of an SQS or SNS message's attributes, and of the system attribute AWSTraceHeader.

    SQS writes {dataType, stringValue, binaryValue}, SNS {Type, Value}; binary is base64 in both.
    """
    held = mapping(attributes)
    pairs: list[tuple[str, object]] = [(XRAY_HEADER, xray_header)] if isinstance(xray_header, str) else []
    objects = []
    for name in list(held)[:MAX_PLACES] if held else ():
        if not isinstance(name, str):
            continue
        if name in KEYS:
            objects.append(of_object(_value(held[name])))
        elif len(name) <= MAX_NAME_CHARS:
            field = name.removeprefix(OTEL_PREFIX)
            pairs.append((name if field in held else field, _value(held[name])))
    formats = _formats(tuple([name for name, _ in pairs])) if pairs else ()
    extracted = composite.extract(Headers(pairs), formats) if formats else NOTHING
    return merged([extracted, *objects]) if objects else extracted


def xray_joins(extracted: Extracted) -> tuple[str, ...]:
    """The names of the X-Ray traces that AWS's header told of."""
    return tuple(f"xray:{each.trace_id}" for each in extracted.contexts if each.format == "xray" and each.trace_id)


def merged(places: "Iterable[Extracted]") -> Extracted:
    """What several places say, each trace and span once; the baggage of the first that has any."""
    found = [place for place in places if place.contexts or place.baggage]
    if len(found) <= 1:
        return found[0] if found else NOTHING
    distinct: dict[tuple[str, str], TraceContext] = {}
    for place in found:
        for context in place.contexts:
            distinct.setdefault((context.trace_id, context.span_id), context)
    baggage = next((place.baggage for place in found if place.baggage), ())
    return Extracted(tuple(sorted(distinct.values(), key=_rank)), baggage)


def _rank(context: "TraceContext") -> tuple[bool, bool]:
    return not context.is_complete, context.format == "xray"


def _value(attribute: object) -> str:
    held = mapping(attribute)
    value = text(held.get("stringValue")) or text(held.get("Value"))
    if held.get("Type") == "Binary" or not value:
        value = decoded(text(held.get("binaryValue")) or value)
    return value if len(value) <= MAX_VALUE_CHARS else ""


def decoded(base64: str, max_chars: int = MAX_VALUE_CHARS) -> str:
    """The text behind base64; "" if that is none, or longer than `max_chars`."""
    if not base64 or len(base64) > max_chars * 4 // 3 + 4:
        return ""
    from base64 import b64decode  # noqa: PLC0415

    try:
        return b64decode(base64).decode()
    except ValueError:  # of base64 or of UTF-8
        return ""
