"""Makes spans, keeps them until they leave, and swallows what goes wrong on the way.

    tracer().start_span("charge", kind=CLIENT)  →  Span, to be ended with .end()
    with tracer().use(span): …                  →  it is the parent of what is started within

Nothing here raises. What fails is counted, and the next invocation's span tells the number and the first message.
"""

import os
from time import time_ns

from ..propagation.context import RANDOM, SAMPLED
from . import ids
from .cold_start import Sandbox
from .config import Config
from .current import BAGGAGE, CURRENT, INVOCATION, PARENT, restore
from .recording import Recording
from .sampling import sampler
from .span import INTERNAL, Link, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextvars import Token

    from ..propagation.context import TraceContext
    from .current import Current
    from .exporters.port import Exporter
    from .invocation import Invocation
    from .span import Value

    Parent = Current | TraceContext | Span | None

MAX_MESSAGE = 256
_EXPORT_NS = 1_000_000_000  # for what nobody waits for


SCOPE = "spanfold"


class Tracer:
    """One for the process (see `tracer`), or one for a test.

    `config`: the environment's. `exporter`: None for the one that `config` names, made when it is first needed.
    `now_ns`: since the epoch. `random_bytes`: that many. `resource`: attributes of the process.
    `sandbox`: how the process came to be.
    """

    def __init__(
        self,
        config: Config,
        exporter: "Exporter | None" = None,
        now_ns: "Callable[[], int]" = time_ns,
        random_bytes: "Callable[[int], bytes]" = os.urandom,
        resource: "Mapping[str, Value] | None" = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.config = config
        self.now_ns = now_ns
        self.random_bytes = random_bytes
        self.resource = resource or {}
        self.sandbox = Sandbox(config.initialization) if sandbox is None else sandbox
        self.errors = 0
        self.first_error = ""
        self.loose = Recording(config.limits, self)
        self.invocations: dict[int, Invocation] = {}
        self._exporter = exporter
        self._sampler = sampler(config.sampler, config.ratio)
        for problem in config.problems:
            self._count(problem)

    def start_span(
        self,
        name: str,
        *,
        kind: int = INTERNAL,
        parent: "Parent" = CURRENT,
        links: "Iterable[TraceContext | Link]" = (),
        attributes: "Mapping[str, object] | None" = None,
        start_ns: int = 0,
        scope: str = SCOPE,
        recording: Recording | None = None,
    ) -> Span:
        """A span that has begun, now or at `start_ns`; it is not made current, see `use`.

        `parent`: None for the root of a new trace. A context that is not complete is none. The span is not recording
        where its trace is not sampled. `recording`: where it goes when it ends; the parent's, if nothing else is said.
        """
        try:
            if parent is CURRENT:
                parent = PARENT.get() or self._parent()
            name = name if type(name) is str else str(name)
            if type(parent) is Span:
                span = self._child(name, kind, parent, start_ns, scope, recording)
            else:
                span = self._entry(name, kind, parent, start_ns, scope, recording)  # type: ignore[arg-type]
            if span.is_recording:
                if attributes:
                    span.set_attributes(attributes)
                for link in links:
                    _add(span, link)
        except Exception as error:
            self.swallow(error, "start_span")
            return self.nothing("")
        return span

    def current(self) -> Span | None:
        """The span that is current here; of a thread that was told none, the invocation's, if there is just one."""
        found = self._parent()
        return found if type(found) is Span else None

    def baggage(self) -> tuple[tuple[str, str], ...]:
        """The baggage that is current here: name and value, in order."""
        return BAGGAGE.get()

    def use(self, span: "Span | TraceContext") -> "Use":
        """`with tracer.use(span):` makes it current within. A remote context can be continued in the same way."""
        return Use(span)

    def recording(self) -> Recording:
        """Where the spans that are started here go: the invocation's, or the one for all others."""
        found = self._parent()
        here = found.sink if type(found) is Span else None
        if isinstance(here, Recording):
            return here
        invocation = INVOCATION.get()
        return invocation.recording if invocation is not None else self.loose

    @property
    def finished(self) -> list[Span]:
        """The spans that have ended and not left yet, of the invocation that is current (or of none)."""
        return self.recording().finished

    def flush(self, *, is_last: bool = False, recording: Recording | None = None, until_ns: int = 0) -> None:
        """Send what has ended, before `until_ns`. `is_last`: nothing follows of this invocation."""
        here = self.recording() if recording is None else recording
        spans = here.take()
        if here is not self.loose:
            spans += self.loose.take()
        if spans:
            self.send(spans, here.request_id, is_last=is_last, until_ns=until_ns)

    def send(self, spans: list[Span], request_id: str = "", *, is_last: bool = False, until_ns: int = 0) -> None:
        """Export these spans, open ones too."""
        try:
            from .exporters.port import Batch  # noqa: PLC0415  # only where spans leave

            until_ns = until_ns or self.now_ns() + min(self.config.timeout_ns, _EXPORT_NS)
            self.exporter().export(Batch(spans, self.resource, request_id, until_ns=until_ns, is_last=is_last))
        except Exception as error:
            self.swallow(error, "export")

    def announce(self, span: Span, request_id: str, until_ns: int) -> None:
        """Tell the exporter that an invocation begins."""
        try:
            from .exporters.port import Batch  # noqa: PLC0415

            self.exporter().start(Batch([span], self.resource, request_id, until_ns=until_ns, is_last=False))
        except Exception as error:
            self.swallow(error, "start")

    def exporter(self) -> "Exporter":
        """The way out. Raises what making it raises."""
        if self._exporter is None:
            from .exporters import choose  # noqa: PLC0415

            self._exporter = choose(self.config)
        return self._exporter

    def swallow(self, error: BaseException, where: str) -> None:
        """Count what went wrong in here instead of letting the function have it."""
        try:
            self._count(f"{where}: {type(error).__name__}: {error}")
        except Exception:  # its __str__ raises
            self._count(f"{where}: {type(error).__name__}")

    def tell_errors(self, span: Span) -> None:
        """Write on `span` what was swallowed since the last time, if anything."""
        count, self.errors = self.errors, 0
        if count and span.is_recording:
            span.attributes["spanfold.errors"] = count
            span.attributes["spanfold.error"] = self.first_error
        self.first_error = ""

    def _count(self, message: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or message[:MAX_MESSAGE]

    def _parent(self) -> "Span | TraceContext | None":
        """What is current; in a thread that was told nothing, the only invocation's, if there is just one."""
        found = PARENT.get()
        is_told = found is not None or INVOCATION.get() is not None
        if is_told or len(self.invocations) != 1:
            return found
        return next((one.active for one in list(self.invocations.values())), None)

    def _child(
        self, name: str, kind: int, parent: Span, start_ns: int, scope: str, recording: Recording | None
    ) -> Span:
        sink = parent.sink if recording is None else recording
        if sink is None:
            return self.nothing(name, parent.context)
        span = Span(
            name,
            trace_id=parent.trace_id,
            span_id=ids.span_id(self.random_bytes),
            now_ns=self.now_ns,
            start_ns=start_ns,
            parent_id=parent.span_id,
            kind=kind,
            flags=parent.flags,
            trace_state=parent.trace_state,
            scope=scope,
            sink=sink,
        )
        if parent.flags & SAMPLED:
            sink.began(span)
        else:
            span.is_recording = False
        return span

    def _entry(
        self,
        name: str,
        kind: int,
        parent: "TraceContext | None",
        start_ns: int,
        scope: str,
        recording: Recording | None,
    ) -> Span:
        """A root, or a child of a context that came from elsewhere."""
        parent = parent if parent is not None and parent.is_complete else None
        if self.config.is_disabled:
            return self.nothing(name, parent)
        trace_id = parent.trace_id if parent else ids.trace_id(self.random_bytes)
        is_random = parent.random if parent else True
        is_sampled, trace_state = self._sampler(trace_id, parent)
        sink = self.recording() if recording is None else recording
        span = Span(
            name,
            trace_id=trace_id,
            span_id=ids.span_id(self.random_bytes),
            now_ns=self.now_ns,
            start_ns=start_ns,
            parent_id=parent.span_id if parent else "",
            kind=kind,
            flags=(SAMPLED if is_sampled else 0) | (RANDOM if is_random else 0),
            trace_state=trace_state,
            is_parent_remote=bool(parent and parent.format),
            scope=scope,
            sink=sink,
        )
        span.is_recording = is_sampled
        if is_sampled:
            sink.began(span)
        return span

    def nothing(self, name: str = "", parent: "TraceContext | None" = None) -> Span:
        """A span that is not recorded and passes on what it was given: with ids "" there is nothing to inject."""
        span = Span(
            name,
            trace_id=parent.trace_id if parent else "",
            span_id=parent.span_id if parent else "",
            now_ns=time_ns,
            flags=parent.flags if parent else 0,
            trace_state=parent.trace_state if parent else "",
        )
        span.is_recording = False
        return span

    def send_early(self, recording: Recording) -> None:
        """Send what has ended of a recording that is full, so that memory is bounded."""
        self.flush(recording=recording)


class Use:
    """See Tracer.use."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: "Span | TraceContext") -> None:
        self._span = span
        self._token: Token[Span | TraceContext | None] | None = None

    def __enter__(self) -> "Span | TraceContext":
        self._token = PARENT.set(self._span)
        return self._span

    def __exit__(self, *_: object) -> None:
        restore(PARENT, self._token)
        self._token = None


def _add(span: Span, link: "TraceContext | Link") -> None:
    if isinstance(link, Link):
        span.add_link(link.context, link.attributes)
    else:
        span.add_link(link)


_process: list[Tracer] = []


def tracer() -> Tracer:
    """The process's one tracer, made of the environment when it is first asked for."""
    if not _process:
        _make()
    return _process[0]


def _make() -> None:
    from . import resource  # noqa: PLC0415

    config = Config(os.environ)
    install(Tracer(config, resource=resource.of(os.environ, config)))


def install(made: Tracer) -> Tracer:
    """Make this the process's tracer; what the one before had not sent is sent now."""
    if _process:
        _process[0].flush()
    else:
        import atexit  # noqa: PLC0415

        atexit.register(lambda: tracer().flush())
    _process[:] = [made]
    return made
