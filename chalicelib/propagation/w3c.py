"""W3C Trace Context, level 2: `traceparent: 00-<trace id>-<span id>-<flags>` and `tracestate: key=value, …`.

Specification: https://www.w3.org/TR/trace-context-2/ (editor's draft of June 2026, whose tests let `@` stand anywhere
in a tracestate's key but at its start, and a key begin with a digit). What its test suite asks for, and is easily got
wrong: two traceparents are none; blanks and tabs around either are no part of it; upper-case hex is invalid; a version
after 00 may go on after the flags, behind a dash; a bad traceparent takes the tracestate with it, but a bad tracestate
leaves the traceparent alone.
"""

from .context import RANDOM, SAMPLED, TraceContext
from .headers import Headers
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "tracecontext"
FIELDS: tuple[str, ...] = ("traceparent", "tracestate")

MAX_MEMBERS = 32  # 3.3.1.1
LARGE_MEMBER_CHARACTERS = 128  # 3.3.1.5: such members go first where there is too much
MIN_KEPT_CHARACTERS = 512  # 3.3.1.5: what everybody passes on at least
MAX_SENT_CHARACTERS = (
    2048  # ours: servers take some 8 KB of headers together, and we are not the only ones to write any
)
MAX_READ_CHARACTERS = 32_768  # ours: 32 members of 513 characters are half of it, the rest could only be blanks

_TRACEPARENT = Pattern(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x2b\x2d-\x7e]*)?"
)
_MEMBER = Pattern(
    r"([a-z0-9][a-z0-9_\-*/@]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])"
)
_OWS = " \t"


def extract(headers: Headers) -> TraceContext | None:
    """The span that called, or None; its trace_state is "" where that is absent or bad."""
    traceparent = headers.only("traceparent")
    context = None if traceparent is None else parse_traceparent(traceparent)
    trace_state = parse_tracestate(headers.all("tracestate")) if context else ""
    if context is None or not trace_state:
        return context
    return TraceContext(
        context.trace_id,
        context.span_id,
        sampled=context.sampled,
        random=context.random,
        trace_state=trace_state,
        format=NAME,
    )


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write both headers, the second if it has something to say; nothing for a context that is not complete."""
    if not context.is_complete:
        return
    write("traceparent", format_traceparent(context))
    trace_state = truncated(context.trace_state, MAX_SENT_CHARACTERS)
    if trace_state:
        write("tracestate", trace_state)


def parse_traceparent(text: str) -> TraceContext | None:
    """None for what is not valid. Flags that level 2 does not name are forgotten (3.2.2.5)."""
    match = _TRACEPARENT.fullmatch(text.strip(_OWS))
    if match is None or (match[1] == "00" and match[5]):
        return None
    flags = int(match[4], 16)
    sampled, random = bool(flags & SAMPLED), bool(flags & RANDOM)
    return TraceContext(match[2], match[3], sampled=sampled, random=random, format=NAME)


def format_traceparent(context: TraceContext) -> str:
    """Always of version 00; "" for a context that is not complete."""
    return f"00-{context.trace_id}-{context.span_id}-{context.flags:02x}" if context.is_complete else ""


def parse_tracestate(values: list[str]) -> str:
    """The members of every header line, in order, without blanks around them; "" if one is bad or there are too many.

    Of members with the same key the first stays: the specification leaves it to us (3.3.1.3.1).
    """
    if sum(map(len, values)) > MAX_READ_CHARACTERS:
        return ""
    told = _members(",".join(values))
    if len(told) > MAX_MEMBERS:
        return ""
    members: dict[str, str] = {}
    for member in told:
        match = _MEMBER.fullmatch(member)
        if match is None:
            return ""
        members.setdefault(match[1], member)
    return ",".join(members.values())


def with_member(trace_state: str, key: str, value: str) -> str:
    """`trace_state` with `key` set to `value` and in front, where what was changed belongs (3.3.1.5 and 3.5).

    The last member makes room where there are too many. A key or value that is not valid changes nothing.
    """
    member = f"{key}={value}"
    if not _MEMBER.fullmatch(member):
        return trace_state
    others = [other for other in _members(trace_state) if other.partition("=")[0] != key]
    return ",".join([member, *others][:MAX_MEMBERS])


def truncated(trace_state: str, limit_characters: int = MIN_KEPT_CHARACTERS) -> str:
    """As many whole members as fit: the large ones go first, from the right, then the others from the right."""
    if len(trace_state) <= limit_characters:
        return trace_state
    members = _members(trace_state)
    excess = len(",".join(members)) - limit_characters
    large = [at for at, member in enumerate(members) if len(member) > LARGE_MEMBER_CHARACTERS]
    small = [at for at, member in enumerate(members) if len(member) <= LARGE_MEMBER_CHARACTERS]
    for at in [*reversed(large), *reversed(small)]:
        if excess <= 0:
            break
        excess -= len(members[at]) + 1
        members[at] = ""
    return ",".join(filter(None, members))


def _members(trace_state: str) -> list[str]:
    return [member for part in trace_state.split(",") if (member := part.strip(_OWS))]
