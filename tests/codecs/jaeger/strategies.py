"""Jaeger spans of every kind, as its clients send them, and the same as Thrift's dicts."""

from hypothesis import strategies as st

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.batch import VALUES
from chalicelib.codecs.jaeger.span import REFERENCE_TYPES, JaegerSpan, Log, Process, Reference, Tag, with_parent

span_ids = st.integers(1, (1 << 64) - 1).map("{:016x}".format)
trace_ids = st.one_of(span_ids.map("0000000000000000{}".format), st.integers(1, (1 << 128) - 1).map("{:032x}".format))
times_us = st.integers(0, 1 << 50)
texts = st.text("aB e\u00e9\U0001f600/=.\n", max_size=8)
values = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=4),
    st.sampled_from(["server", "client", "ERROR", "ok", "500", 404]),
)
names = st.one_of(
    texts,
    st.sampled_from([
        keys.ERROR, keys.SPAN_KIND, keys.STATUS_CODE, keys.STATUS_DESCRIPTION, keys.SCOPE_NAME, keys.LIBRARY_NAME,
        keys.TRACE_STATE, keys.HTTP_STATUS, keys.EVENT, keys.HOSTNAME, "host.name", "service.name", keys.TAGS,
        keys.PROCESS_TAGS, keys.FIELDS, keys.REFERENCES, keys.FLAGS, "spanfold.jaeger.other",
    ]),
)  # fmt: skip
tags = st.lists(st.builds(Tag, names, values), max_size=5).map(tuple)
processes = st.builds(Process, texts.filter(bool), tags)


@st.composite
def references(draw, trace_id):
    near = st.builds(Reference, st.sampled_from(REFERENCE_TYPES), st.just(trace_id), st.sampled_from(["a" * 16]))
    far = st.builds(Reference, st.sampled_from(REFERENCE_TYPES), trace_ids, span_ids)
    return tuple(draw(st.lists(st.one_of(near, far), max_size=3)))


@st.composite
def jaeger_spans(draw, process=processes):
    trace_id = draw(trace_ids)
    parent_id = draw(st.sampled_from(["0" * 16, "a" * 16, "b" * 16]))
    return JaegerSpan(
        trace_id=trace_id,
        span_id=draw(span_ids),
        operation_name=draw(texts),
        references=with_parent(draw(references(trace_id)), trace_id, parent_id),
        flags=draw(st.one_of(st.integers(0, 3), st.integers(-(1 << 31), (1 << 31) - 1))),
        start_us=draw(times_us),
        duration_us=draw(times_us),
        tags=draw(tags),
        logs=tuple(draw(st.lists(st.builds(Log, times_us, tags), max_size=2))),
        process=draw(process),
    )


def as_batch(spans):
    """Spans of one process as the dict of a Batch."""
    process = spans[0].process
    return {
        "process": {"service_name": process.service_name, "tags": [as_tag(tag) for tag in process.tags]},
        "spans": [as_span(span) for span in spans],
    }


def as_span(span):
    low, high = halves(span.trace_id)
    return {
        "trace_id_low": low,
        "trace_id_high": high,
        "span_id": signed(span.span_id),
        "parent_span_id": 0,
        "operation_name": span.operation_name,
        "references": [as_reference(one) for one in span.references],
        "flags": span.flags,
        "start_time": span.start_us,
        "duration": span.duration_us,
        "tags": [as_tag(tag) for tag in span.tags],
        "logs": [{"timestamp": log.timestamp_us, "fields": [as_tag(tag) for tag in log.fields]} for log in span.logs],
    }


def as_reference(one):
    low, high = halves(one.trace_id)
    number = REFERENCE_TYPES.index(one.type)
    return {"ref_type": number, "trace_id_low": low, "trace_id_high": high, "span_id": signed(one.span_id)}


def as_tag(tag, *, every_field=False):
    """With `every_field` as jaeger-client-node writes it: zeros in the fields that do not count."""
    number = (str, float, bool, int, bytes).index(type(tag.value))
    zeros = dict(VALUES) if every_field else {}
    return {"key": tag.key, "v_type": number} | zeros | {VALUES[number][0]: tag.value}


def halves(trace_id):
    return signed(trace_id[16:]), signed(trace_id[:16])


def signed(digits):
    number = int(digits, 16)
    return number - (1 << 64) if number >> 63 else number
