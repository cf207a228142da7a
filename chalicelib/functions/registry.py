"""How Chalice learns of the functions: each by the name that app.py gives it, with what sets it off."""

from collections.abc import Callable
from typing import Any, NamedTuple

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.functions import index_stream as index_stream_function
from chalicelib.functions import seal as seal_function
from chalicelib.functions import work as work_function
from chalicelib.services import Services

Handler = Callable[[Any, Any], Any]

EVERY_MINUTE = Rate(1, unit=Rate.MINUTES)
# What stands in a bundle that was made before the tables were: it can be looked at, and not be deployed.
NO_STREAM = "SPANFOLD_FACTS_STREAM_ARN is not set: see docs/deploy.md"
NO_QUEUE = "spanfold-work"


class Functions(NamedTuple):
    """Each takes Lambda's event and context."""

    index_stream: Handler
    seal: Handler
    work: Handler


def register(app: Chalice, services: Services) -> Functions:
    """Tell `app` of all functions; app.py must give each its name here, since Lambda looks for "app.<name>"."""

    def index_stream(event: DynamoDBEvent) -> None:
        index_stream_function.index_stream(services, event.to_dict(), event.context)

    def seal(event: CloudWatchEvent) -> None:
        seal_function.seal(services, event.context)

    def work(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
        return work_function.work(services, event.to_dict(), event.context)

    settings = services.settings
    from_stream = app.on_dynamodb_record(
        stream_arn=settings.facts_stream_arn or NO_STREAM,
        batch_size=settings.index_batch_size,
        starting_position="TRIM_HORIZON",  # what came before the function was there is indexed too
        maximum_batching_window_in_seconds=settings.index_batch_window_s,
    )
    from_queue = app.on_sqs_message(queue=queue_name(settings.work_queue_url), batch_size=1)
    return Functions(
        index_stream=from_stream(index_stream),
        seal=app.schedule(EVERY_MINUTE)(seal),
        work=from_queue(work),
    )


def queue_name(url: str) -> str:
    """The last part of a queue's URL, which is its name."""
    return url.rstrip("/").rpartition("/")[2] or NO_QUEUE
