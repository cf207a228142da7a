"""One request, several libraries: requests sends by urllib3, which sends by http.client. The outermost counts."""

from contextvars import ContextVar

_HELD: ContextVar[bool] = ContextVar("spanfold_http_held", default=False)

is_held = _HELD.get


class Held:
    """`with Held(): …`: HTTP clients within, in this thread or task, belong to a request that has its span already."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _HELD.set(True)

    def __exit__(self, *_: object) -> None:
        _HELD.reset(self._token)
