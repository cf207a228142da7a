"""Contexts and headers to draw from."""

from hypothesis import strategies as st

from chalicelib.propagation.context import TraceContext


def ids(digits):
    return st.integers(1, 16**digits - 1).map(lambda number: f"{number:0{digits}x}")


def contexts(decisions=(None, True, False)):
    """Complete ones, with all that any format can say but a tracestate."""
    return st.builds(
        TraceContext, ids(32), ids(16), sampled=st.sampled_from(decisions), random=st.booleans(), debug=st.just(False)
    )


# Texts that get further into a parser than noise would.
PIECES = st.sampled_from(
    ["00", "-", ":", "|", ".", "_", "/", ";", ",", "=", "%", "%3A", "%ff", "@", " ", "\t", "0", "1", "d", "a" * 16,
     "b" * 32,
     "Root=1-", "Parent=", "Sampled=", "Self=", "Lineage=", "o=", "_dd.p.tid=",
     "appId=cid-v1:", "{", "}", '"', "\n", "\0",
     "ü", "\ud800", "\u0663", "9" * 30, "-1"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60)
