"""`POST /jaeger/api/archive/{trace_id}`: the trace is kept for SPANFOLD_ARCHIVE_DAYS from its arrival."""

from chalicelib.codecs.jaeger import envelope
from chalicelib.collector.archive import archive
from chalicelib.model.access import Principal
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.jaeger.answering import json_of
from chalicelib.routes.jaeger.parameters import trace_id_of
from chalicelib.routes.request import Request
from chalicelib.services import Services


def post_archive(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Keep a trace longer. Raises NoSuchTrace."""
    tenant, trace_id = tenant_of(caller), trace_id_of(request)
    archive(services, tenant, trace_id, request.deadline)
    return json_of(services, request, envelope.wrap([], errors=[]))
