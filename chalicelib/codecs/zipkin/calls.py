"""What Zipkin's linker asks of a span, read alike from Zipkin's own spans and from stored ones of any origin.

Every trace is linked when it is sealed. So a stored span is not made a Zipkin span first (from_otlp.py): only what the
linker looks at is read, by the same rules.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.from_otlp import (
    KIND_NAMES,
    REMOTE_ADDRESSES,
    REMOTE_NAMES,
    REMOTE_REST,
    SPEAKS_TO_REMOTE,
    remote_endpoint,
)
from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan
from chalicelib.codecs.zipkin.to_otlp import ERROR
from chalicelib.model.attributes import SERVICE_NAME, Attributes
from chalicelib.model.span import Resource, Scope, Span, StatusCode
from chalicelib.model.tracestate import COUNT_UNIT, adjusted_count_of

Address = tuple[str | None, str | None, int | None]
"""IPv4 address, IPv6 address and port."""

NOWHERE: Address = (None, None, None)
_FIELDS = (keys.REMOTE_SERVICE, keys.SHARED, keys.LOCAL_IP, keys.LOCAL_IPV6, keys.LOCAL_PORT)
_ADDRESSES = tuple(address for address, _ in REMOTE_ADDRESSES)
_MOVED_ERROR = keys.TAG + ERROR
_USUAL_CHARACTERS = 200  # of names; longer ones are not remembered
_FAILED = int(StatusCode.ERROR)


class CallSpan(msgspec.Struct, frozen=True, gc=False):
    """A span, as far as it tells of calls.

    `service` is the local endpoint's name, `remote` the remote one's; "" is None. `weight` is how much a call counts.
    """

    id: str
    parent_id: str | None
    kind: str | None
    service: str | None
    remote: str | None
    failed: bool
    weight: int = 1
    shared: bool = False
    address: Address = NOWHERE


def calls_of(spans: Iterable[ZipkinSpan]) -> list[CallSpan]:
    """Zipkin's spans, each call counting one."""
    return [
        CallSpan(
            span.id,
            span.parent_id,
            span.kind,
            span.local_endpoint.service_name if span.local_endpoint is not None else None,
            span.remote_endpoint.service_name if span.remote_endpoint is not None else None,
            ERROR in span.tags,
            shared=span.shared,
            address=_address(span.local_endpoint),
        )
        for span in spans
    ]


def stored_calls(spans: Sequence[Span]) -> list[CallSpan]:
    """Stored spans, each call counting its adjusted count in 1 / COUNT_UNIT."""
    senders = {id(span.resource): span.resource for span in spans}
    said = {number: _sender(resource) for number, resource in senders.items()}
    from_zipkin = {
        number for number, scope in {id(span.scope): span.scope for span in spans}.items() if _is_zipkin(scope)
    }
    found = []
    for span in spans:
        attributes, kind = span.attributes, span.kind
        service, failed = said[id(span.resource)]
        weight = adjusted_count_of(span.trace_state) if span.trace_state else COUNT_UNIT
        if from_zipkin and id(span.scope) in from_zipkin:
            found.append(_as_it_came(span, service, weight))
            continue
        failed = failed or span.status_code == _FAILED or ERROR in attributes
        remote = _remote(attributes) if kind in SPEAKS_TO_REMOTE else None
        found.append(CallSpan(span.span_id, span.parent_id, KIND_NAMES.get(kind), service, remote, failed, weight))
    return found


def _as_it_came(span: Span, service: str | None, weight: int) -> CallSpan:
    attributes = span.attributes
    tags = attributes.get(keys.TAGS)
    fields = {key: attributes[key] for key in _FIELDS if key in attributes}
    if isinstance(tags, list):
        fields = {key: value for key, value in fields.items() if key not in tags}
    return CallSpan(
        span.span_id,
        span.parent_id,
        KIND_NAMES.get(span.kind),
        service,
        _name(fields.get(keys.REMOTE_SERVICE)),
        ERROR in attributes or _MOVED_ERROR in attributes,
        weight,
        keys.SHARED in fields,
        _stored_address(fields),
    )


def _sender(resource: Resource) -> tuple[str | None, bool]:
    """The service of a resource, and whether all its spans bear the tag that says that they failed."""
    return _name(resource.attributes.get(SERVICE_NAME)), ERROR in resource.attributes


def _is_zipkin(scope: Scope) -> bool:
    return scope.attributes.get(keys.SOURCE) == keys.ZIPKIN


def _name(value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= _USUAL_CHARACTERS:
        return _lowered(value) or None
    return str(value).lower() if value is not None else None


@lru_cache(maxsize=4096)
def _lowered(name: str) -> str:
    """The same text for the same name, so that its hash is known when it is counted."""
    return name.lower()


def _remote(attributes: Attributes) -> str | None:
    """The name of `remote_endpoint`, without making one where there is no address to look at."""
    get = attributes.get
    said = next(filter(None, map(get, REMOTE_NAMES)), None)
    if said is None and any(map(get, _ADDRESSES)):
        endpoint = remote_endpoint(attributes)
        return endpoint.service_name if endpoint is not None else None
    return _name(said or next(filter(None, map(get, REMOTE_REST)), None))


def _address(endpoint: Endpoint | None) -> Address:
    return (endpoint.ipv4, endpoint.ipv6, endpoint.port) if endpoint is not None else NOWHERE


def _stored_address(fields: Attributes) -> Address:
    """As to_otlp.py writes it: an IPv6 address has a place of its own beside an IPv4 one only."""
    first, second, port = fields.get(keys.LOCAL_IP), fields.get(keys.LOCAL_IPV6), fields.get(keys.LOCAL_PORT)
    if isinstance(first, str) and ":" in first:
        first, second = None, first
    return first, second, port
