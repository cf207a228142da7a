import subprocess
import sys

from chalicelib.codecs.otlp import messages

NOT_NEEDED = "{'google.protobuf.text_format', 'google.protobuf.internal.python_message', 'pickle'}"


def in_a_fresh_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


def test_importing_the_messages_leaves_protobufs_python_implementation_out():
    code = f"import sys, chalicelib.codecs.otlp.messages; print({NOT_NEEDED} & set(sys.modules))"
    assert in_a_fresh_process(code) == "set()"


def test_the_generated_modules_work_beside_ours_whichever_comes_first():
    ours = "from chalicelib.codecs.otlp.messages import TracesData as ours"
    generated = "from opentelemetry.proto.trace.v1.trace_pb2 import TracesData as generated"
    exchange = "sent = ours(resource_spans=[{}]); received = generated.FromString(sent.SerializeToString())"
    compare = "print(ours.FromString(received.SerializeToString()) == sent)"
    assert in_a_fresh_process(f"{ours}\n{generated}\n{exchange}\n{compare}") == "True"
    assert in_a_fresh_process(f"{generated}\n{ours}\n{exchange}\n{compare}") == "True"


def test_the_front_door_gives_classes_of_the_same_fields():
    by_the_front_door = messages._classes_from_generated_modules()
    assert by_the_front_door
    for name, generated in by_the_front_door.items():
        ours = getattr(messages, name).DESCRIPTOR
        assert fields_of(ours) == fields_of(generated.DESCRIPTOR)


def fields_of(descriptor):
    return [(field.name, field.number, field.type) for field in descriptor.fields]


def test_nested_classes_are_found_where_protobuf_puts_them():
    span = messages.Span(events=[{"name": "e"}], links=[{"flags": 1}])
    assert type(span.events[0]) is messages.Span.Event
    assert type(span.links[0]) is messages.Span.Link
    assert messages.Span.SPAN_KIND_SERVER == 2
