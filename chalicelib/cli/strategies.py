"""A tenant's strategies of remote sampling, as `make sampling` shows, checks, tries and sets them."""

from chalicelib.codecs.jaeger import strategies
from chalicelib.storage.port import SamplingStore

NO_STRATEGIES = f"no strategies: every service is told to begin {strategies.DEFAULT_RATE:g} of its traces"


def shown(sampling: SamplingStore, tenant: str) -> str:
    """The tenant's document, or a word that there is none. Raises StoreError."""
    document = sampling.find_strategies(tenant)
    return NO_STRATEGIES if document is None else document.decode("utf-8", "replace").rstrip()


def checked(document: bytes) -> str:
    """A line about a document that can be used, and one for each rule that no client is told. Raises PolicyError."""
    read = strategies.read(document)
    services = ", ".join(one.service for one in read.service_strategies)
    first = f"a default, and {len(read.service_strategies)} services{services and ': ' + services}"
    ignored = [f"{path}: not told; the rate of an operation is not limited" for path in strategies.not_told(read)]
    return "\n".join([first, *ignored])


def put(sampling: SamplingStore, tenant: str, document: bytes) -> str:
    """Put the document in place of the tenant's last; what there is to say. Raises PolicyError and StoreError."""
    said = checked(document)
    sampling.put_strategies(tenant, document)
    return f"{tenant}: {said}"


def tried(document: bytes, service: str) -> str:
    """What a client of `service` would be told. Raises PolicyError."""
    return strategies.write(strategies.read(document), service).decode()
