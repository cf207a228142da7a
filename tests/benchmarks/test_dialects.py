from benchmarks.workloads import dialects
from benchmarks.workloads.posts import collector_post
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.jaeger import batch
from chalicelib.codecs.zipkin import json_v2, proto3, thrift_v1

SPANS = dialects.spans_of(collector_post(MEASURING, 21, 60, 6))


def test_what_is_measured_is_the_same_spans_in_every_encoding_of_zipkin():
    sent = dialects.as_zipkins_clients_send(SPANS)
    assert json_v2.read(dialects.zipkin_json(sent)) == proto3.read(dialects.zipkin_protobuf(sent)) == sent
    assert [(span.id, span.tags) for span in thrift_v1.read(dialects.zipkin_thrift(sent))] == [
        (span.id, span.tags) for span in sent
    ]


def test_what_opentelemetrys_exporter_sends_has_the_resources_attributes_too():
    narrow, wide = dialects.as_zipkins_clients_send(SPANS), dialects.as_opentelemetry_sends(SPANS)
    assert all(few.tags.items() < many.tags.items() for few, many in zip(narrow, wide, strict=True))
    assert json_v2.read(dialects.zipkin_json(wide)) == wide


def test_what_is_measured_of_jaeger_is_the_same_spans_in_one_process():
    read = batch.read(dialects.jaeger_thrift(SPANS))
    assert [(span.trace_id, span.span_id, span.operation_name) for span in read] == [
        (span.trace_id, span.span_id, span.name) for span in SPANS
    ]
    assert len({span.process for span in read}) == 1
