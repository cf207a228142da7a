"""Questions to the native API, whose answers must be whole."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from chalicelib.model.windows import NS_PER_S, Window
from tests.end_to_end.backend import Gateway


def ask_for(gateway: Gateway, path: str, window: Window | None = None, **parameters: Any) -> Any:
    """The answer to GET."""
    given = {name: str(value) for name, value in parameters.items()}
    if window is not None:
        given |= {"start": seconds(window.start_ns), "end": seconds(window.end_ns)}
    reply = gateway.get(f"{path}?{urlencode(given)}")
    assert reply.status == 200, (path, given, reply)
    answer = reply.json()
    assert "partial" not in answer, (path, given, answer["partial"])
    return answer


def search_pages(gateway: Gateway, query: str, window: Window, **parameters: Any) -> Iterator[Any]:
    """Every page of a search, by its cursors."""
    page = ask_for(gateway, "/v1/search", window, q=query, **parameters)
    yield page
    while "cursor" in page:
        page = ask_for(gateway, "/v1/search", q=query, cursor=page["cursor"], **parameters)
        yield page


def seconds(time_ns: int) -> str:
    """A moment as the API takes it."""
    whole, rest = divmod(time_ns, NS_PER_S)
    return f"{whole}.{rest:09d}"
