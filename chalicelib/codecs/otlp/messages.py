"""The OTLP message classes: the only module that knows where they come from.

They are opentelemetry-proto's own messages on protobuf's own C runtime (upb), but not loaded through the generated
`*_pb2` modules. Those import protobuf's pure-Python implementation, text format and `pickle` only to run a builder:
18 ms of CPU on top of botocore where `.pyc` files exist, 110 ms where they do not, which is how a zip usually
arrives on Lambda. What the builder needs is one constant in each module, the serialised descriptor. We read that
constant from the module's code without running it, add it to a pool of our own, and let upb make the classes:
6 ms and 30 ms.

The pool is private, so these classes differ from those of a `*_pb2` module imported elsewhere in the process (the
OpenTelemetry SDK does that); bytes are what the two exchange. Should a later protobuf or opentelemetry-proto be laid
out differently, the generated modules are imported after all: slower, and nothing else changes.
"""

from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError, Message

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import (
        AnyValue,
        ArrayValue,
        EntityRef,
        InstrumentationScope,
        KeyValue,
        KeyValueList,
    )
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

__all__ = [
    "DEPRECATED_SCOPE_SPANS",
    "AnyValue",
    "ArrayValue",
    "DecodeError",
    "EntityRef",
    "InstrumentationScope",
    "KeyValue",
    "KeyValueList",
    "Message",
    "Resource",
    "ResourceSpans",
    "ScopeSpans",
    "Span",
    "Status",
    "TracesData",
]

# instrumentation_library_spans in ResourceSpans, dropped after OTLP 0.15; laid out as ScopeSpans. upb keeps it as an
# unknown field.
DEPRECATED_SCOPE_SPANS = 1000

_COMMON = "opentelemetry.proto.common.v1.common_pb2"
_RESOURCE = "opentelemetry.proto.resource.v1.resource_pb2"
_TRACE = "opentelemetry.proto.trace.v1.trace_pb2"
_MODULES = (_COMMON, _RESOURCE, _TRACE)  # in the order of their imports


class _NotAsExpected(Exception):
    """The installed packages do not look like the ones this shortcut was written for."""


def _classes_from_descriptors() -> dict[str, Any]:
    """Message classes by short name ("Span", "Event", …). Raises _NotAsExpected."""
    runtime: Any = getattr(api_implementation, "_c_module", None)
    if not hasattr(runtime, "DescriptorPool") or not hasattr(runtime, "MessageMeta"):
        raise _NotAsExpected("protobuf runs without upb")
    pool = runtime.DescriptorPool()
    files = [pool.AddSerializedFile(_serialised_descriptor(module)) for module in _MODULES]
    classes: dict[str, Any] = {}
    for file in files:
        for descriptor in file.message_types_by_name.values():
            _add_class(classes, runtime.MessageMeta, descriptor)
    return classes


def _add_class(classes: dict[str, Any], metaclass: Any, descriptor: Any) -> Any:
    """Make the class of `descriptor`, after those nested in it, as protobuf's own builder does."""
    nested = {name: _add_class(classes, metaclass, inner) for name, inner in descriptor.nested_types_by_name.items()}
    members = {**nested, "DESCRIPTOR": descriptor, "__module__": __name__, "__qualname__": descriptor.name}
    classes[descriptor.name] = metaclass(descriptor.name, (Message,), members)
    return classes[descriptor.name]


def _serialised_descriptor(module: str) -> bytes:
    """The FileDescriptorProto that the generated `module` would hand to its pool, found among its constants."""
    spec = find_spec(module)
    if spec is None or not isinstance(spec.loader, SourceFileLoader):
        raise _NotAsExpected(f"{module} is not a source file")
    code = spec.loader.get_code(module)
    name = module.removesuffix("_pb2").replace(".", "/").encode() + b".proto"
    # Field 1 of a FileDescriptorProto is the file's name, so every one begins in the same way.
    start = b"\n" + bytes([len(name)]) + name
    found = [c for c in (code.co_consts if code else ()) if isinstance(c, bytes) and c.startswith(start)]
    if len(found) != 1:
        raise _NotAsExpected(f"{module} holds {len(found)} descriptors")
    return found[0]


def _classes_from_generated_modules() -> dict[str, Any]:
    """The same classes by the front door."""
    modules = [import_module(name) for name in _MODULES]
    return {name: getattr(module, name) for module in modules for name in module.DESCRIPTOR.message_types_by_name}


def _load() -> dict[str, Any]:
    try:
        return _classes_from_descriptors()
    except _NotAsExpected:
        return _classes_from_generated_modules()


if not TYPE_CHECKING:
    _classes = _load()
    AnyValue = _classes["AnyValue"]
    ArrayValue = _classes["ArrayValue"]
    EntityRef = _classes["EntityRef"]
    InstrumentationScope = _classes["InstrumentationScope"]
    KeyValue = _classes["KeyValue"]
    KeyValueList = _classes["KeyValueList"]
    Resource = _classes["Resource"]
    ResourceSpans = _classes["ResourceSpans"]
    ScopeSpans = _classes["ScopeSpans"]
    Span = _classes["Span"]
    Status = _classes["Status"]
    TracesData = _classes["TracesData"]
