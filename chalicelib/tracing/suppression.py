"""Work that is not to be traced: an exporter's own calls. Whoever instruments a client asks `is_suppressed` first."""

from contextvars import ContextVar

_SUPPRESSED: ContextVar[bool] = ContextVar("spanfold_suppressed", default=False)

is_suppressed = _SUPPRESSED.get


class Suppressed:
    """`with Suppressed(): …`: nothing within is traced, in this thread or task. Not to be entered twice."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _SUPPRESSED.set(True)

    def __exit__(self, *_: object) -> None:
        _SUPPRESSED.reset(self._token)
