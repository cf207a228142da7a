"""Zipkin spans of every kind, as Zipkin keeps them."""

from hypothesis import strategies as st

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.span import KINDS, MAX_TIME_US, Annotation, endpoint_of, span_of

span_ids = st.integers(1, (1 << 64) - 1).map("{:016x}".format)
trace_ids = st.one_of(span_ids, st.integers(1 << 64, (1 << 128) - 1).map("{:032x}".format))
times_us = st.integers(1, MAX_TIME_US // 2)
texts = st.text("aB e\u00e9\U0001f600/=.\n", max_size=8)
tag_keys = st.one_of(
    texts,
    st.sampled_from(["error", "otel.status_code", "otel.scope.name", "w3c.tracestate", "spanfold.zipkin.tag.x"]),
    st.sampled_from(sorted(keys.FIELDS)),
)


@st.composite
def endpoints(draw):
    return endpoint_of(
        draw(st.one_of(st.none(), texts)),
        (
            draw(st.one_of(st.none(), st.ip_addresses(v=4).map(str))),
            draw(st.one_of(st.none(), st.ip_addresses(v=6).map(str))),
        ),
        draw(st.one_of(st.none(), st.integers(0, 0xFFFF))),
    )


@st.composite
def zipkin_spans(draw, ids=span_ids):
    return span_of(
        trace_id=draw(trace_ids),
        id=draw(ids),
        parent_id=draw(st.one_of(st.none(), ids)),
        kind=draw(st.one_of(st.none(), st.sampled_from(KINDS))),
        name=draw(st.one_of(st.none(), texts)),
        timestamp=draw(st.one_of(st.none(), times_us)),
        duration=draw(st.one_of(st.none(), times_us)),
        local_endpoint=draw(endpoints()),
        remote_endpoint=draw(endpoints()),
        annotations=draw(st.lists(st.builds(Annotation, times_us, texts), max_size=3)),
        tags=draw(st.dictionaries(tag_keys, texts, max_size=6)),
        debug=draw(st.booleans()),
        shared=draw(st.booleans()),
    )
