// Sends traces with an unmodified OpenTelemetry JS exporter, and prints what the SDK recorded, as JSON.
// Run by tests/clients/test_real_clients.py:  node send.mjs http|proto none|gzip
// The endpoint comes from the exporter's own environment variable, OTEL_EXPORTER_OTLP_ENDPOINT.
import { SpanKind, SpanStatusCode, context, trace, TraceFlags } from "@opentelemetry/api";
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { resourceFromAttributes } from "@opentelemetry/resources";

const [flavour, compression] = process.argv.slice(2);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${flavour}`);
const kept = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "storefront", "faas.max_memory": 536870912, "cloud.zones": ["a", "b"] }),
  spanProcessors: [new SimpleSpanProcessor(kept), new BatchSpanProcessor(new OTLPTraceExporter({ compression }))],
});
const tracer = provider.getTracer("shop.storefront", "4.5.6", { schemaUrl: "https://opentelemetry.io/schemas/1.37.0" });
const elsewhere = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: TraceFlags.SAMPLED };

for (let number = 0; number < 3; number++) {
  const parent = tracer.startSpan(`GET /cart/${number} – ü😀`, {
    kind: SpanKind.SERVER,
    links: [{ context: elsewhere, attributes: { "link.n": number } }],
    attributes: { text: "zwölf \" \u2028", yes: true, int: -7, safe: Number.MAX_SAFE_INTEGER, double: 0.1, list: ["x", ""], empty: "" },
  });
  parent.addEvent("cache.miss", { key: "k1", tries: 3 });
  const child = tracer.startSpan("fetch prices", { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), parent));
  child.recordException(new TypeError("fetch failed"));
  child.setStatus({ code: SpanStatusCode.ERROR, message: "upstream" });
  child.end();
  parent.setStatus({ code: SpanStatusCode.OK });
  parent.end();
}
const spans = kept.getFinishedSpans();
await provider.forceFlush();

const nanoseconds = ([seconds, rest]) => String(BigInt(seconds) * 1000000000n + BigInt(rest));
const linked = ({ traceId, spanId, traceState }) => ({ traceId, spanId, traceState: traceState?.serialize() ?? "" });
process.stdout.write(JSON.stringify(spans.map((span) => ({
  ...linked(span.spanContext()),
  parentSpanId: span.parentSpanContext?.spanId ?? "",
  name: span.name,
  kind: span.kind + 1,
  start: nanoseconds(span.startTime),
  end: nanoseconds(span.endTime),
  attributes: span.attributes,
  events: span.events.map((e) => ({ time: nanoseconds(e.time), name: e.name, attributes: e.attributes ?? {} })),
  links: span.links.map((link) => ({ ...linked(link.context), attributes: link.attributes ?? {} })),
  status: { code: span.status.code, message: span.status.message ?? "" },
  resource: span.resource.attributes,
  scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version, schemaUrl: span.instrumentationScope.schemaUrl, attributes: {} },
}))));
await provider.shutdown();
