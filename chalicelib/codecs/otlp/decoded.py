"""What decoding a body gives, whichever the media type."""

from dataclasses import dataclass

from chalicelib.codecs.otlp.messages import TracesData


@dataclass(frozen=True, slots=True)
class Rejection:
    """One span that was lost, and why."""

    reason: str


@dataclass(frozen=True)
class Decoded:
    """The message, what of it was lost, and what was mended without loss of a span."""

    message: TracesData
    rejections: tuple[Rejection, ...] = ()
    repairs: tuple[str, ...] = ()
