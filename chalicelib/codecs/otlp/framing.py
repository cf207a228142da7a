"""The fields of a protobuf message, found in its bytes without a parser (protobuf.dev, "Encoding")."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chalicelib.codecs.otlp.parts import Allowance
from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint, write_varint

_LENGTH, _GROUP, _END_GROUP = 2, 3, 4  # wire types


class Field(NamedTuple):
    """A length-delimited field: its body, and where it stands in its message, tag and length included."""

    number: int
    start: int
    end: int
    body: bytes


def rebuilt(data: bytes, name: str, allowance: Allowance, visit: Callable[[Field], bytes | None]) -> bytes:
    """`data` with the body of each length-delimited field as `visit` answers it; None leaves the field out.

    Answers `data` itself if nothing changed, and copies what did not change in as few pieces as may be.
    """
    parts = []
    copied_to = 0
    for field in fields(data, name, allowance):
        body = visit(field)
        if body is field.body:
            continue
        parts.append(data[copied_to : field.start])
        if body is not None:
            parts.append(delimited(field.number, body))
        copied_to = field.end
    return b"".join([*parts, data[copied_to:]]) if parts else data


def without(data: bytes, name: str, allowance: Allowance, number: int) -> bytes:
    """`data` without the length-delimited fields `number`."""
    return rebuilt(data, name, allowance, lambda field: None if field.number == number else field.body)


def fields(data: bytes, name: str, allowance: Allowance) -> Iterator[Field]:
    """The length-delimited fields of the message `data`, in order; the others are only stepped over.

    Each field of any kind is a step of `allowance`. Raises BrokenMessageError, which speaks of the message as `name`.
    """
    at = 0
    while at < len(data):
        allowance.spend()
        try:
            tag, body = read_varint(data, at)
            start, end = _extent(data, body, tag, allowance)
        except IndexError:
            raise BrokenMessageError(f"{name} is cut short") from None
        if end > len(data):
            raise BrokenMessageError(f"{name} is cut short: field {tag >> 3} ends {end - len(data)} bytes after it")
        if tag & 7 == _LENGTH:
            yield Field(tag >> 3, at, end, data[start:end])
        at = end


def _extent(data: bytes, at: int, tag: int, allowance: Allowance) -> tuple[int, int]:
    """Where the body after `tag` begins and ends. Raises IndexError where `data` ends too soon."""
    match tag & 7:
        case _ if not tag >> 3:
            raise BrokenMessageError("field number 0")
        case 0:
            return at, read_varint(data, at)[1]
        case 1:
            return at, at + 8
        case 2:
            size, start = read_varint(data, at)
            return start, start + size
        case 3:
            return at, _end_of_group(data, at, tag >> 3, allowance)
        case 5:
            return at, at + 4
        case other:
            raise BrokenMessageError(f"wire type {other}")


def _end_of_group(data: bytes, at: int, number: int, allowance: Allowance) -> int:
    """Where the group `number`, unknown to OTLP and so only to be copied, ends with its end tag."""
    open_groups = [number]
    while open_groups:
        allowance.spend()
        tag, at = read_varint(data, at)
        if tag & 7 == _GROUP:
            open_groups.append(tag >> 3)
        elif tag & 7 == _END_GROUP:
            if open_groups.pop() != tag >> 3:
                raise BrokenMessageError("a group ends that did not begin")
        else:
            _, at = _extent(data, at, tag, allowance)
    return at


def delimited(number: int, body: bytes) -> bytes:
    """`body` as the field `number`."""
    return write_varint(number << 3 | _LENGTH) + write_varint(len(body)) + body


@cache
def kinds(descriptor: Descriptor) -> dict[int, Descriptor | type[str]]:
    """The fields of a message that hold messages or text, by number: the message's descriptor, or str."""
    found: dict[int, Descriptor | type[str]] = {}
    for field in descriptor.fields:
        if field.message_type is not None:
            found[field.number] = field.message_type
        elif field.type == FieldDescriptor.TYPE_STRING:
            found[field.number] = str
    return found
