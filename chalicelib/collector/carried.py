"""The write path of what AWS delivers: spans are collected, and invocations that died are closed.

What is not in it: whatever could not be read (codecs/carried.py tells of it), and start lines, whose spans the function
sends again when they end.
"""

from collections.abc import Sequence
from itertools import chain

from chalicelib.codecs.carried import Carried
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.collector.collect import Collected, collect
from chalicelib.collector.unfinished import LogStream, close
from chalicelib.model.deadline import Deadline
from chalicelib.services import Services


def collect_carried(services: Services, tenant: str, carried: Sequence[Carried], deadline: Deadline) -> Collected:
    """Keep every span of `carried`, together, so that spans of one trace share a block; durable when this returns.

    Raises as `collect` does. It may be done again with the same, in other company, and nothing is kept or closed twice.
    """
    streams = [
        LogStream(log_group=one.log_group, log_stream=one.log_stream, unfinished=one.unfinished)
        for one in carried
        if one.unfinished
    ]
    closed = close(services, tenant, streams, deadline)
    services.telemetry.count({"spans_closed": len(closed)})
    posts = chain.from_iterable(one.posts for one in carried)
    return collect(services, tenant, chain(posts, [Decoded(from_spans(closed))] if closed else []), deadline)
