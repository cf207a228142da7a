"""The floor's own way from a post to one payload per trace: naive on purpose, and independent of Spanfold's."""

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData


def payloads_by_trace(message: TracesData) -> list[tuple[bytes, int]]:
    """(serialised TracesData, number of spans) of each trace in `message`, in order of appearance."""
    traces: dict[bytes, TracesData] = {}
    counts: dict[bytes, int] = {}
    for resource_spans in message.resource_spans:
        resources: dict[bytes, ResourceSpans] = {}
        for scope_spans in resource_spans.scope_spans:
            scopes: dict[bytes, ScopeSpans] = {}
            for span in scope_spans.spans:
                trace_id = span.trace_id
                if trace_id not in scopes:
                    if trace_id not in resources:
                        resources[trace_id] = _resource(traces.setdefault(trace_id, TracesData()), resource_spans)
                    scopes[trace_id] = _scope(resources[trace_id], scope_spans)
                scopes[trace_id].spans.append(span)
                counts[trace_id] = counts.get(trace_id, 0) + 1
    return [(trace.SerializeToString(), counts[trace_id]) for trace_id, trace in traces.items()]


def _resource(trace: TracesData, source: ResourceSpans) -> ResourceSpans:
    made = trace.resource_spans.add(schema_url=source.schema_url)
    made.resource.CopyFrom(source.resource)
    return made


def _scope(parent: ResourceSpans, source: ScopeSpans) -> ScopeSpans:
    made = parent.scope_spans.add(schema_url=source.schema_url)
    made.scope.CopyFrom(source.scope)
    return made
