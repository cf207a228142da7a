"""The attributes in which a Zipkin span's fields travel through OTLP.

Those of endpoints are what the Collector's Zipkin receiver writes (opentelemetry-collector-contrib,
pkg/translator/zipkin). A tag may have such a name too; TAG and TAGS tell them apart, so that nothing is lost.
"""

SOURCE = "spanfold.source"  # on the scope: which dialect a span came in by, where that is not OTLP
ZIPKIN = "zipkin"

LOCAL_IP, LOCAL_PORT = "net.host.ip", "net.host.port"
REMOTE_SERVICE, REMOTE_IP, REMOTE_PORT = "peer.service", "net.peer.ip", "net.peer.port"

_OWN = "spanfold.zipkin."
LOCAL_IPV6, REMOTE_IPV6 = f"{_OWN}local.ipv6", f"{_OWN}remote.ipv6"  # beside an IPv4 address
DEBUG, SHARED = f"{_OWN}debug", f"{_OWN}shared"
NO_TIMESTAMP = f"{_OWN}no_timestamp"  # the start is that of the first annotation
TAGS = f"{_OWN}tags"  # which of FIELDS are tags here
TAG = f"{_OWN}tag."  # before the name of a tag whose name one of FIELDS has taken

FIELDS = frozenset({
    LOCAL_IP, LOCAL_PORT, REMOTE_SERVICE, REMOTE_IP, REMOTE_PORT, LOCAL_IPV6, REMOTE_IPV6, DEBUG, SHARED, NO_TIMESTAMP,
    TAGS,
})  # fmt: skip
