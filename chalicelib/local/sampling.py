"""Sampling policies and strategies of the local runner: from files, since no other process could put them into its
engine.
"""

from collections.abc import Callable
from pathlib import Path

from chalicelib.model.errors import PolicyError
from chalicelib.settings import BadSetting
from chalicelib.storage.port import SamplingStore

POLICIES, STRATEGIES = "SPANFOLD_SAMPLING_FILE", "SPANFOLD_STRATEGIES_FILE"


def put_policies(path: str, sampling: SamplingStore, tenant: str) -> None:
    """Put the document in the file `path` in place of the tenant's last; "" leaves that alone.

    Raises BadSetting for a file that cannot be read or whose policies cannot be meant, and StoreError.
    """
    if not path:
        return
    from chalicelib.views.judging import read_policies  # noqa: PLC0415  # who samples waits for the query language

    sampling.put_sampling(tenant, _read(POLICIES, path, read_policies))


def put_strategies(path: str, sampling: SamplingStore, tenant: str) -> None:
    """The same for the strategies of remote sampling."""
    if not path:
        return
    from chalicelib.codecs.jaeger import strategies  # noqa: PLC0415

    sampling.put_strategies(tenant, _read(STRATEGIES, path, strategies.read))


def _read(variable: str, path: str, check: Callable[[bytes], object]) -> bytes:
    try:
        document = Path(path).read_bytes()
        check(document)
    except OSError as error:
        raise BadSetting(f"{variable}={path!r} cannot be read: {error.strerror}") from error
    except PolicyError as error:
        raise BadSetting(f"{variable}={path!r}: {error.detail}") from error
    return document
