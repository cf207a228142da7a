"""The tags and attributes by which what one side has no field for travels through the other."""

SOURCE = "spanfold.source"  # on the scope: which dialect a span came in by, where that is not OTLP
JAEGER = "jaeger"

# What OpenTelemetry's mapping names.
SPAN_KIND, ERROR, EVENT = "span.kind", "error", "event"
STATUS_CODE, STATUS_DESCRIPTION = "otel.status_code", "otel.status_description"
SCOPE_NAME, SCOPE_VERSION = "otel.scope.name", "otel.scope.version"
LIBRARY_NAME, LIBRARY_VERSION = "otel.library.name", "otel.library.version"  # as SDKs wrote it until 2023
TRACE_STATE = "w3c.tracestate"
REF_TYPE, CHILD_OF, FOLLOWS_FROM = "opentracing.ref_type", "child_of", "follows_from"  # of a link
HTTP_STATUS, HTTP_STATUS_MESSAGE = "http.status_code", "http.status_message"
HOSTNAME = "hostname"  # of a process, as Jaeger's clients call what OpenTelemetry calls host.name
DROPPED_ATTRIBUTES = "otel.dropped_attributes_count"
DROPPED_EVENTS = "otel.dropped_events_count"
DROPPED_LINKS = "otel.dropped_links_count"
NO_SERVICE = "OTLPResourceNoServiceName"  # what Jaeger calls a service that has no name

# What only Jaeger has, where nothing that is published says it.
OWN = "spanfold.jaeger."
TAGS = f"{OWN}tags"  # all of them, as [key, value], where a key is there twice or begins as these do
PROCESS_TAGS = f"{OWN}process_tags"
FIELDS = f"{OWN}fields"  # of a log
REFERENCES = f"{OWN}references"  # all, as [type, trace id, span id], where parent and links do not give them back
FLAGS = f"{OWN}flags"  # where they say more than "sampled": 2 is debug
