"""`POST /v1/step-functions/history`: an execution of Step Functions as spans, from its history."""

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.step_functions.history import DIALECT, decode
from chalicelib.collector.collect import collect
from chalicelib.model.access import Principal
from chalicelib.model.executions import HistoryTaken
from chalicelib.routes.answers import Answer
from chalicelib.routes.endpoint import tenant_of
from chalicelib.routes.request import Request
from chalicelib.services import Services


def post_history(services: Services, caller: Principal | None, request: Request) -> Answer:
    """Keep the spans of an execution; answered once they are durable."""
    tenant = tenant_of(caller)
    services.telemetry.count({"bytes_received": len(request.body)})
    encoding = request.headers.get("content-encoding")
    read = decode(encodings.decompress(request.body, encoding, services.settings.max_decompressed_bytes, DIALECT))
    collected = collect(services, tenant, [read.decoded], request.deadline)
    notes = (*(rejection.reason for rejection in collected.rejections), *collected.notes)
    taken = HistoryTaken(trace_id=read.trace_id, span_count=collected.stored, running=read.is_open, notes=notes)
    return Answer(body=msgspec.json.encode(taken))
