"""Which spans were made by one process, and which processes read the same clock.

A process is a resource: two spans belong to one process when their resources say the same. Each Lambda sandbox
sends its own faas.instance, and so is a process of its own. Processes of one host share its clock; the host is
host.id, failing that host.name (both from the OpenTelemetry resource conventions), failing that each process has
its own. Jaeger keys clocks likewise, by host.id, host.ip, host.name.
"""

import msgspec

from chalicelib.assembly.draft import Draft
from chalicelib.model.attributes import HOST_ID, HOST_NAME
from chalicelib.model.span import Resource

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


def tell_processes_apart(draft: Draft) -> Draft:
    """`draft` with a process number for every span, and each process's service name and clock number."""
    by_object: dict[int, int] = {}  # spans of one block share the resource object, so most look-ups end here
    by_content: dict[bytes, int] = {}
    resources: list[Resource] = []
    processes: list[int] = []
    for span in draft.spans:
        number = by_object.get(id(span.resource))
        if number is None:
            number = by_content.setdefault(_canonical(span.resource), len(by_content))
            by_object[id(span.resource)] = number
            if number == len(resources):
                resources.append(span.resource)
        processes.append(number)
    services = [resource.service_name for resource in resources]
    return msgspec.structs.replace(draft, processes=processes, services=services, clocks=_clocks(resources))


def _clocks(resources: list[Resource]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(_host(resource) or process, len(numbers)) for process, resource in enumerate(resources)]


def _host(resource: Resource) -> str | None:
    host = resource.attributes.get(HOST_ID) or resource.attributes.get(HOST_NAME)
    return str(host) if host else None
