"""Sampling policies of the local runner: from a file, since no other process could put them into its engine."""

from pathlib import Path

from chalicelib.model.errors import PolicyError
from chalicelib.settings import BadSetting
from chalicelib.storage.port import SamplingStore

VARIABLE = "SPANFOLD_SAMPLING_FILE"


def put_policies(path: str, sampling: SamplingStore, tenant: str) -> None:
    """Put the document in the file `path` in place of the tenant's last; "" leaves that alone.

    Raises BadSetting for a file that cannot be read or whose policies cannot be meant, and StoreError.
    """
    if not path:
        return
    from chalicelib.views.judging import read_policies  # noqa: PLC0415  # who samples waits for the query language

    try:
        document = Path(path).read_bytes()
        read_policies(document)
    except OSError as error:
        raise BadSetting(f"{VARIABLE}={path!r} cannot be read: {error.strerror}") from error
    except PolicyError as error:
        raise BadSetting(f"{VARIABLE}={path!r}: {error.detail}") from error
    sampling.put_sampling(tenant, document)
