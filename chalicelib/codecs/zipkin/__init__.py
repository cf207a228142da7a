"""Zipkin: spans of v2 (JSON, protobuf) and v1 (JSON, Thrift) to and from Spanfold's, and Zipkin's own rules.

Format: openzipkin/zipkin-api (zipkin2-api.yaml, zipkin.proto), openzipkin/zipkin 3.6 (zipkin2.Span and its readers).
Everything becomes a ZipkinSpan first, normalised as Zipkin's own Span.Builder does it; `to_otlp` and `from_otlp` map
that to the model's Span and back. A batch with one span that cannot be read is refused as a whole, as Zipkin does.
"""

DIALECT = "zipkin"

MAX_VALUES = 1_200_000
"""Values in one body, which take some 250 bytes each until they are stored; 20 MiB of ordinary spans hold a million."""
