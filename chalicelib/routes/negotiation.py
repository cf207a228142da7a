"""Which of our media types an Accept header likes best (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence

_QUALITY = re.compile(r"[01](?:\.\d{0,3})?")


def preferred(accept: str | None, offers: Sequence[str]) -> str:
    """The offer with the greatest quality; the first of equals; the first, too, when none is acceptable.

    A reader who can use nothing we have is better served with something than with 406.
    """
    if not accept:
        return offers[0]
    ranges = [_range(part) for part in accept.split(",")]
    return max(offers, key=lambda offer: _quality(offer, ranges))


def _range(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media_range, float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return media_range, 1.0


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """By the most specific range that covers the offer."""
    known = dict(ranges)
    for media_range in (offer, offer.partition("/")[0] + "/*", "*/*"):
        if media_range in known:
            return known[media_range]
    return 0.0
