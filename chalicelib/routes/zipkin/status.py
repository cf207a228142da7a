"""What Zipkin says of itself: `config.json` for its page, `health` and `info` for whoever watches."""

import msgspec

from chalicelib.model.access import Principal
from chalicelib.routes.answers import Answer, json_answer
from chalicelib.routes.request import Request
from chalicelib.routes.zipkin.parameters import DEFAULT_LIMIT
from chalicelib.services import Services

DEFAULT_LOOKBACK_MS = 15 * 60 * 1000


def get_config(services: Services, caller: Principal | None, request: Request) -> Answer:
    """What Zipkin Lens asks before anything else."""
    del services, caller, request
    return json_answer(
        {
            "environment": "",
            "queryLimit": DEFAULT_LIMIT,
            "defaultLookback": DEFAULT_LOOKBACK_MS,
            "searchEnabled": True,
            "dependency": {"enabled": True, "lowErrorRate": 0.5, "highErrorRate": 0.75},
        }
    )


def get_health(services: Services, caller: Principal | None, request: Request) -> Answer:
    """That it is up; the store is not asked, since everybody may ask this."""
    del services, caller, request
    return json_answer({"status": "UP"})


def get_info(services: Services, caller: Principal | None, request: Request) -> Answer:
    """What answers here."""
    del services, caller, request
    return Answer(body=msgspec.json.encode({"name": "spanfold", "zipkin": {"api": "v2"}}))
