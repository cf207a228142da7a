"""Varints, the numbers of the protobuf wire format (protobuf.dev, "Encoding"), where upb is not asked."""


class BrokenMessageError(Exception):
    """Bytes that are not a message of the kind expected; the text says where and how."""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends. Raises IndexError where `data` ends too soon."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise BrokenMessageError("a number longer than ten bytes")


def write_varint(value: int) -> bytes:
    """A number, not negative, as a varint."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
