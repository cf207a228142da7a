"""Whether the blocks of a tenant wait for tail sampling, which a post must know and must not wait for.

Nothing of sampling/ is read here: a container that takes posts need not know what a policy is.
"""

from functools import lru_cache

import msgspec

from chalicelib.model.errors import StoreError
from chalicelib.services import Services


class _Switch(msgspec.Struct):
    enabled: bool = True


def is_undecided(services: Services, tenant: str) -> bool:
    """Whether `tenant` samples, so that what it sends lives for a short time until somebody decides to keep it.

    When nobody can say, it does not: its blocks live for the long time, and so do their traces. That costs storage;
    the other mistake would cost spans. A document that cannot be read keeps everything, here as in the seal.
    """
    try:
        document = services.sampling.find_sampling(tenant)
    except StoreError as error:
        services.telemetry.warning("sampling policies cannot be read; spans are kept", {"why": error.detail})
        return False
    return document is not None and _is_on(document)


@lru_cache(maxsize=64)
def _is_on(document: bytes) -> bool:
    try:
        return msgspec.json.decode(document, type=_Switch).enabled
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
