"""What a rollup's integers are counted under. Plain tuples: there are several for every span."""

RedKey = tuple[str, str, int, int, int]
"""(service, operation, kind, minute, slot): calls by operation.

`kind` is the span kind's number, `minute` 0 to 59 or WHOLE_HOUR, `slot` a bucket of sketches.py or ERRORS. Every call
is in exactly one bucket, so calls are the sum over the buckets.
"""

EdgeKey = tuple[str, str, str, str, bool, int, int]
"""(client kind, client, server kind, server, is messaging, minute, slot): calls between nodes of the service graph.

Kinds of nodes are those of peers.py. A call is measured at each end that is a service: in the buckets of its caller,
those of the called side plus SERVER_SIDE, or both. ERRORS counts failed calls, each once.
"""

CatalogKey = tuple[str, str, str, str | int | None]
"""(scope, key, type, value): traces by attribute that some span of theirs has in the hour.

`scope` is one of SCOPES in catalog.py, `type` a name of its TYPES. The value is a text, whole number or truth; None
counts the traces with values that are not listed: too long, too many, or of another type.
"""

DependencyKey = tuple[int, str, str, int, int]
"""(told, teller, other, minute, slot): links between services, in the minute in which their trace began.

`told` is one of the numbers below, `teller` the service whose span told of the call, `other` whom it called or was
called by. `slot` is CALLS or ERRORS.
"""

JAEGER_LINK = 0  # from the parent's service to the child's; told by the parent
ZIPKIN_CALLER = 1  # to whom a client or producer says it called, or whose server's parent it is
ZIPKIN_CALLED = 2  # from whom a server or consumer says it was called
JAEGER = frozenset({JAEGER_LINK})
ZIPKIN = frozenset({ZIPKIN_CALLER, ZIPKIN_CALLED})
TOLD_BY_CALLED = frozenset({ZIPKIN_CALLED})

MINUTES = 60
WHOLE_HOUR = MINUTES  # the minute of what is known by its hour only
ERRORS = -3  # the slot beside the buckets: how many of the calls failed
CALLS = -2  # the slot of all calls, where no durations are known
SERVER_SIDE = 1 << 11  # what the slots of the called side have added
