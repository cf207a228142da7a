"""What one invocation left to another, done."""

from hashlib import blake2b

from chalicelib.model.deadline import Deadline
from chalicelib.services import Services
from chalicelib.views import seal
from chalicelib.views.dead_letters import DeadLetter, bury
from chalicelib.views.messages import SealWork, TenantWork, decode


def perform(services: Services, message: bytes, deadline: Deadline) -> None:
    """Do what a message of the work queue asks for; what asks for nothing we know becomes a dead letter.

    Raises StoreError; the message is then to be given again.
    """
    try:
        work = decode(message)
    except ValueError as unreadable:
        name = f"work#{blake2b(message, digest_size=8).hexdigest()}"
        bury(services, [DeadLetter(name=name, reason=str(unreadable), about={"bytes": len(message)})], deadline)
        return
    match work:
        case SealWork(tenant=tenant, window=window, piece=piece):
            seal.seal_window(services, tenant, window, piece, deadline)
        case TenantWork(tenant=tenant, is_deep=is_deep):
            seal.tick_tenant(services, tenant, deadline, is_deep=is_deep)
