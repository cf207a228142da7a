"""Jaeger: its Thrift batches and its UI's JSON to and from Spanfold's spans, and Jaeger's own rules for reading them.

Formats: jaegertracing/jaeger-idl (thrift/jaeger.thrift, api_v3), jaeger 2.20 (internal/uimodel, jaegerquery). Both
become JaegerSpans first; `to_otlp` and `from_otlp` map those to the model's Span and back, as OpenTelemetry publishes
it (opentelemetry-collector-contrib, pkg/translator/jaeger). Nothing here does I/O or looks at the clock.
"""

DIALECT = "jaeger"
