"""`span(…)`: a span around a block or a function, whatever kind of function it is.

    with span("charge", amount=12): …            async with span("charge"): …
    @span()                                      @span("charge", kind=CLIENT)
    def charge(order): …                         async def charge(order): …

A generator's span lasts from its first step to its end, and is current only while the generator itself runs.
"""

from functools import partial, update_wrapper

from .current import CURRENT
from .span import INTERNAL
from .tracer import Use, tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable
    from typing import Any, TypeVar

    from ..propagation.context import TraceContext
    from .span import Link, Span
    from .tracer import Parent

    F = TypeVar("F", bound=Callable[..., Any])

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # code flags; `inspect` costs more than all of this


def span(
    name: str = "",
    /,
    *,
    kind: int = INTERNAL,
    parent: "Parent" = CURRENT,
    links: "Iterable[TraceContext | Link]" = (),
    **attributes: object,
) -> "Block":
    """A block or a decorator. Without a name a decorated function's own is taken.

    `parent`: as in Tracer.start_span (what `extract` found, None for a new trace). Entering gives the Span. An
    Exception that leaves makes it an error; one that only ends a generator or a task (GeneratorExit, CancelledError)
    does not.
    """
    if callable(name):  # @span, without parentheses
        return Block("", kind, parent, links, attributes)(name)  # type: ignore[return-value]
    return Block(name, kind, parent, links, attributes)


class Block:
    """See `span`. Each entry is a span of its own, so one Block may be entered again and again, and within itself."""

    __slots__ = ("_attributes", "_entered", "_kind", "_links", "_name", "_parent")

    def __init__(
        self,
        name: str,
        kind: int,
        parent: "Parent",
        links: "Iterable[TraceContext | Link]",
        attributes: "dict[str, object]",
    ) -> None:
        self._name = name
        self._kind = kind
        self._parent = parent
        self._links = links
        self._attributes = attributes
        self._entered: list[tuple[Span, Use]] = []

    def __enter__(self) -> "Span":
        begun = self.begin(self._name)
        use = Use(begun)
        use.__enter__()
        self._entered.append((begun, use))
        return begun

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        begun, use = self._entered.pop()
        use.__exit__()
        _finish(begun, error)

    async def __aenter__(self) -> "Span":
        return self.__enter__()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: "F") -> "F":
        """Wrap a function, coroutine function, generator function or asynchronous one."""
        name = self._name or _name_of(function)
        wrapped = _WRAPPERS.get(_flags(function), _plain)(self, name, function)
        update_wrapper(wrapped, function)
        return wrapped  # type: ignore[return-value]

    def begin(self, name: str) -> "Span":
        """Start the span, without making it current."""
        return tracer().start_span(
            name, kind=self._kind, parent=self._parent, links=self._links, attributes=self._attributes
        )

    def again(self, name: str) -> "Block":
        """A Block of its own for one more call."""
        return Block(name, self._kind, self._parent, self._links, self._attributes)


def _finish(begun: "Span", error: BaseException | None) -> None:
    if isinstance(error, Exception):
        try:
            begun.fail(error)
        except Exception as fault:
            tracer().swallow(fault, "fail")
    begun.end()


def _name_of(function: "Callable[..., Any]") -> str:
    return str(getattr(function, "__qualname__", "") or type(function).__qualname__)


def _flags(function: "Callable[..., Any]") -> int:
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return getattr(code, "co_flags", 0) & (_GENERATOR | _COROUTINE | _ASYNC_GENERATOR)


def _plain(block: Block, name: str, function: "Callable[..., Any]") -> "Callable[..., Any]":
    def run(*args: "Any", **kwargs: "Any") -> "Any":
        with block.again(name):
            return function(*args, **kwargs)

    return run


def _coroutine(block: Block, name: str, function: "Callable[..., Any]") -> "Callable[..., Any]":
    async def run(*args: "Any", **kwargs: "Any") -> "Any":
        with block.again(name):
            return await function(*args, **kwargs)

    return run


def _generator(block: Block, name: str, function: "Callable[..., Any]") -> "Callable[..., Any]":
    def run(*args: "Any", **kwargs: "Any") -> "Generator[Any, Any, Any]":
        begun = block.begin(name)
        failed: BaseException | None = None
        try:
            return (yield from _Steps(begun, function(*args, **kwargs)))
        except BaseException as error:
            failed = error
            raise
        finally:
            _finish(begun, failed)

    return run


class _Steps:
    """A generator whose every step has the span current; `yield from` hands on what is sent, thrown and closed."""

    __slots__ = ("_generator", "_span")

    def __init__(self, begun: "Span", generator: "Generator[Any, Any, Any]") -> None:
        self._span = begun
        self._generator = generator

    def __iter__(self) -> "_Steps":
        return self

    def __next__(self) -> "Any":
        with Use(self._span):
            return next(self._generator)

    def send(self, value: object) -> "Any":
        with Use(self._span):
            return self._generator.send(value)

    def throw(self, *error: "Any") -> "Any":
        with Use(self._span):
            return self._generator.throw(*error)

    def close(self) -> None:
        with Use(self._span):
            self._generator.close()


def _async_generator(block: Block, name: str, function: "Callable[..., Any]") -> "Callable[..., Any]":
    async def run(*args: "Any", **kwargs: "Any") -> "AsyncGenerator[Any, Any]":
        begun = block.begin(name)
        generator = function(*args, **kwargs)
        failed: BaseException | None = None
        step = generator.asend(None)
        try:
            while True:
                with Use(begun):
                    value = await step
                try:
                    step = generator.asend((yield value))
                except Exception as error:
                    step = generator.athrow(error)
        except StopAsyncIteration:
            return
        except BaseException as error:
            failed = error
            raise
        finally:
            with Use(begun):
                await generator.aclose()
            _finish(begun, failed)

    return run


_WRAPPERS: "dict[int, Callable[[Block, str, Callable[..., Any]], Callable[..., Any]]]" = {
    _GENERATOR: _generator,
    _COROUTINE: _coroutine,
    _ASYNC_GENERATOR: _async_generator,
}
