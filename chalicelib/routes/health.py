"""Whether this function answers, and which version it is. Touches no store, so it says nothing about one."""

from chalicelib import VERSION
from chalicelib.model.access import Principal
from chalicelib.routes.answers import NATIVE, Answer, json_answer
from chalicelib.routes.endpoint import PUBLIC, Endpoint
from chalicelib.routes.request import Request
from chalicelib.services import Services


def health(services: Services, caller: Principal | None, request: Request) -> Answer:
    """`{"status": "ok", "version": …}`."""
    del services, caller, request
    return json_answer({"status": "ok", "version": VERSION})


ENDPOINTS = (Endpoint(method="GET", path="/healthz", scope=PUBLIC, dialect=NATIVE, view=health),)
