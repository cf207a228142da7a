"""Reading bytes from left to right, where any of them may be wrong."""

from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint


class Cursor:
    """A place in `data`. Every method raises ValueError where the data ends too soon."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.at >= len(self.data)

    def number(self) -> int:
        """A varint."""
        try:
            value, self.at = read_varint(self.data, self.at)
        except (IndexError, BrokenMessageError) as broken:
            raise ValueError(f"an index that ends within a number: {broken}") from broken
        return value

    def count(self, least_bytes: int = 1) -> int:
        """A varint that counts things of at least `least_bytes` each which are still to come."""
        number = self.number()
        if number * least_bytes > len(self.data) - self.at:
            raise ValueError(f"{number} things in {len(self.data) - self.at} bytes")
        return number

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise ValueError(f"an index that ends {size - len(taken)} bytes too soon")
        self.at += size
        return taken

    def chunk(self) -> bytes:
        """A varint, and as many bytes as it says."""
        return self.take(self.number())

    def text(self) -> str:
        """A chunk of UTF-8."""
        return self.chunk().decode(errors="surrogatepass")
