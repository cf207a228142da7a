"""Regular expressions that are compiled when they are first asked: most functions see one or two of the formats.

Compiled at import, those of this package would take a third of the time that the library may add to a cold start.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Pattern:
    """Like re.compile, later; after the first call there is nothing in between."""

    fullmatch: "Callable[[str], re.Match[str] | None]"
    search: "Callable[[str], re.Match[str] | None]"
    split: "Callable[[str], list[str]]"
    sub: "Callable[[Callable[[re.Match[str]], str] | str, str], str]"

    def __init__(self, text: str) -> None:
        self.text = text

    def __getattr__(self, name: str) -> object:
        method: object = getattr(re.compile(self.text), name)
        setattr(self, name, method)
        return method
