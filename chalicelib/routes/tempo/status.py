"""What Grafana asks before it asks for traces: is anybody there ("Save & test"), and which version is it."""

from chalicelib import VERSION
from chalicelib.model.access import Principal
from chalicelib.routes.answers import Answer, json_answer
from chalicelib.routes.request import Request
from chalicelib.routes.tempo import text_answer
from chalicelib.routes.tempo.dialect import reader_of
from chalicelib.services import Services

# The Tempo whose API this is. Clients that look at a version want to know what they may ask for.
TEMPO_VERSION = "3.0.0"


def echo(services: Services, caller: Principal | None, request: Request) -> Answer:
    """`echo`. It asks for a key, so that a data source with a wrong one fails its test and not its first query."""
    del services
    reader_of(caller, request)
    return text_answer("echo")


def ready(services: Services, caller: Principal | None, request: Request) -> Answer:
    """`ready`."""
    del services, caller, request
    return text_answer("ready")


def build_info(services: Services, caller: Principal | None, request: Request) -> Answer:
    """The version of Tempo's API, and in `revision` our own."""
    del services, caller, request
    return json_answer(
        {
            "version": TEMPO_VERSION,
            "revision": f"spanfold-{VERSION}",
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
        }
    )
