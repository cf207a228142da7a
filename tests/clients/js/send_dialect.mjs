// Sends two spans of one trace with an unmodified client of Zipkin or Jaeger, and prints what it was given, as JSON;
// or asks for a sampling strategy, and prints what the client made of it.
// Run by tests/clients/test_dialect_clients.py:  node send_dialect.mjs NAME http://127.0.0.1:8000 [KEY or SERVICE]
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [name, baseUrl, given] = process.argv.slice(2);
const SERVICE = "Storefront", NAME = "GET /Cart – ü😀", EVENT = "cache.miss ü";
const TAGS = { text: "zwölf \" \u2028", yes: true, int: 7, double: 0.1, empty: "" };
const CHILD = { n: 1 };

const microseconds = ([seconds, rest]) => seconds * 1_000_000 + Math.trunc(rest / 1000);

async function recorded() {
  const { SpanKind, SpanStatusCode, context, trace } = await import("@opentelemetry/api");
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  const { resourceFromAttributes } = await import("@opentelemetry/resources");
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": SERVICE, zone: "a" }),
    spanProcessors: [new SimpleSpanProcessor(kept)],
  });
  const tracer = provider.getTracer("shop.storefront", "4.5.6");
  const parent = tracer.startSpan(NAME, { kind: SpanKind.SERVER, attributes: TAGS });
  parent.addEvent(EVENT);
  const child = tracer.startSpan("fetch prices", { kind: SpanKind.CLIENT, attributes: CHILD }, trace.setSpan(context.active(), parent));
  child.setStatus({ code: SpanStatusCode.ERROR, message: "upstream" });
  child.end();
  parent.end();
  return kept.getFinishedSpans();
}

const described = (span) => ({
  traceId: span.spanContext().traceId,
  id: span.spanContext().spanId,
  parentId: span.parentSpanContext?.spanId ?? "",
  name: span.name,
  kind: ["INTERNAL", "SERVER", "CLIENT"][span.kind],
  start_us: microseconds(span.startTime),
  duration_us: microseconds(span.duration),
  service: SERVICE,
  tags: span.attributes,
  events: span.events.map((event) => [microseconds(event.time), event.name]),
  failed: span.status.message ?? "",
  resource: { zone: "a" },
  scope: {}, // neither exporter says it under the name of today
});

function exported(exporter, spans) {
  return new Promise((resolve, reject) => {
    exporter.export(spans, ({ code, error }) => (code === 0 ? resolve(spans.map(described)) : reject(error)));
  });
}

async function openTelemetry(module, type, variable, path) {
  process.env[variable] = baseUrl + path;
  const exporter = new (await import(module))[type]();
  const spans = await exported(exporter, await recorded());
  await exporter.shutdown();
  return spans;
}

// The library stamps times itself and tells nobody, so they are null.
async function zipkin(version, path) {
  const { Annotation, BatchRecorder, ExplicitContext, Tracer, jsonEncoder } = require("zipkin");
  const { HttpLogger } = require("zipkin-transport-http");
  const logger = new HttpLogger({ endpoint: baseUrl + path, jsonEncoder: jsonEncoder[version], httpInterval: 10, log: { error: fail } });
  const tracer = new Tracer({ ctxImpl: new ExplicitContext(), recorder: new BatchRecorder({ logger }), localServiceName: SERVICE });
  const sent = new Promise((resolve) => logger.on("success", resolve));
  const ids = [tracer.createRootId()];
  ids.push(tracer.letId(ids[0], () => tracer.createChildId()));
  tracer.letId(ids[0], () => {
    tracer.recordServiceName(SERVICE);
    tracer.recordRpc(NAME);
    tracer.recordAnnotation(new Annotation.ServerRecv());
    for (const [tag, value] of Object.entries(TAGS)) tracer.recordBinary(tag, value);
    tracer.recordMessage(EVENT);
    tracer.letId(ids[1], () => {
      tracer.recordServiceName(SERVICE);
      tracer.recordRpc("fetch prices");
      tracer.recordAnnotation(new Annotation.ClientSend());
      tracer.recordBinary("n", 1);
      tracer.recordAnnotation(new Annotation.ServerAddr({ serviceName: "Prices", port: 443 }));
      tracer.recordAnnotation(new Annotation.ClientRecv());
    });
    tracer.recordAnnotation(new Annotation.ServerSend());
  });
  const awake = setInterval(() => {}, 1000); // the logger's own timer does not keep a program alive
  await sent;
  clearInterval(awake);
  const text = (tags) => Object.fromEntries(Object.entries(tags).map(([tag, value]) => [tag, String(value)]));
  const common = { service: SERVICE, start_us: null, duration_us: null, failed: "", resource: {}, scope: {} };
  return [
    { ...common, traceId: ids[0].traceId.padStart(32, "0"), id: ids[0].spanId, parentId: "", name: NAME, kind: "SERVER", tags: text(TAGS), events: [[null, EVENT]] },
    { ...common, traceId: ids[1].traceId.padStart(32, "0"), id: ids[1].spanId, parentId: ids[0].spanId, name: "fetch prices", kind: "CLIENT", tags: text(CHILD), events: [], remote: "Prices" },
  ];
}

async function jaegerClient() {
  const { initTracer } = require("jaeger-client");
  const reporter = { collectorEndpoint: `${baseUrl}/jaeger/api/traces`, ...(given && { username: "anybody", password: given }) };
  const tracer = initTracer({ serviceName: SERVICE, sampler: { type: "const", param: 1 }, reporter }, { logger: { info() {}, error: fail }, tags: { zone: "a" } });
  const startTime = Date.now() - 500;
  const parent = tracer.startSpan(NAME, { startTime, tags: { ...TAGS, "span.kind": "server" } });
  parent.log({ event: EVENT, tries: 3 }, startTime + 1);
  const child = tracer.startSpan("fetch prices", { childOf: parent, startTime: startTime + 1, tags: { ...CHILD, "span.kind": "client", error: true } });
  child.finish(startTime + 3);
  parent.finish(startTime + 10);
  const hex = (bytes) => bytes.toString("hex").padStart(16, "0");
  const common = { traceId: hex(parent.context().traceId).padStart(32, "0"), service: SERVICE, resource: { zone: "a" }, scope: {} };
  const spans = [
    { ...common, id: hex(parent.context().spanId), parentId: "", name: NAME, kind: "SERVER", start_us: startTime * 1000, duration_us: 10_000, tags: TAGS, events: [[(startTime + 1) * 1000, EVENT]], failed: "" },
    { ...common, id: hex(child.context().spanId), parentId: hex(parent.context().spanId), name: "fetch prices", kind: "CLIENT", start_us: (startTime + 1) * 1000, duration_us: 2000, tags: CHILD, events: [], failed: true },
  ];
  await new Promise((resolve) => tracer.close(resolve));
  return spans;
}

async function jaegerClientSampling() {
  const { RemoteSampler } = require("jaeger-client");
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve) => {
    const sampler = new RemoteSampler(given, {
      host: hostname, port: Number(port), refreshInterval: 10, logger: { error: fail },
      onSamplerUpdate: (now) => { sampler.close(); resolve(now.toString()); },
    });
  });
}

async function remoteSampler() {
  const { JaegerRemoteSampler } = await import("@opentelemetry/sampler-jaeger-remote");
  const { AlwaysOffSampler } = await import("@opentelemetry/sdk-trace-base");
  const sampler = new JaegerRemoteSampler({ endpoint: `${baseUrl}/jaeger/api`, serviceName: given, initialSampler: new AlwaysOffSampler(), poolingInterval: 10 });
  const first = sampler.toString();
  while (sampler.toString() === first) await new Promise((resolve) => setTimeout(resolve, 5));
  return sampler.toString().match(/sampler=(.*)\}$/)[1];
}

function fail(said) {
  process.stderr.write(`${said}\n`);
  process.exit(1);
}

const CLIENTS = {
  "otel-zipkin": () => openTelemetry("@opentelemetry/exporter-zipkin", "ZipkinExporter", "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "/zipkin/api/v2/spans"),
  "otel-jaeger": () => openTelemetry("@opentelemetry/exporter-jaeger", "JaegerExporter", "OTEL_EXPORTER_JAEGER_ENDPOINT", "/jaeger/api/traces"),
  "zipkin-v2": () => zipkin("JSON_V2", "/zipkin/api/v2/spans"),
  "zipkin-v1": () => zipkin("JSON_V1", "/zipkin/api/v1/spans"),
  "jaeger-client": jaegerClient,
  "jaeger-client-sampling": jaegerClientSampling,
  "sampler-jaeger-remote": remoteSampler,
};
process.stdout.write(JSON.stringify(await CLIENTS[name]()), () => process.exit(0)); // samplers poll until then
