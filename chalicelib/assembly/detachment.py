"""Which spans their parent did not wait for.

A message's consumer is a child of its producer in the tree, but the producer went on as soon as the message was
taken. So: a consumer in another process than its parent, and anything that a producer span set off in another
process (a function invoked by a queue reports SERVER, by the FaaS conventions). A consumer below a span of its own
process (the invocation that processes a batch) is ordinary work, and waited for.
"""

import msgspec

from chalicelib.assembly.draft import NO_PARENT, Draft
from chalicelib.model.span import Kind


def find_detached(draft: Draft) -> Draft:
    """`draft` with a 1 for every span that its parent did not wait for. Needs parents in their final places."""
    detached = bytearray(len(draft.spans))
    for i, parent in enumerate(draft.parents):
        if parent == NO_PARENT or draft.processes[i] == draft.processes[parent]:
            continue
        detached[i] = draft.spans[i].kind == Kind.CONSUMER or draft.spans[parent].kind == Kind.PRODUCER
    return msgspec.structs.replace(draft, detached=detached)
