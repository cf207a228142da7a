"""How Chalice learns of the functions: each by the name that app.py gives it, with what sets it off."""

from collections.abc import Callable
from typing import Any, NamedTuple

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.functions import index_stream as index_stream_function
from chalicelib.functions import receive_logs as receive_logs_function
from chalicelib.functions import receive_queue as receive_queue_function
from chalicelib.functions import receive_stream as receive_stream_function
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
    receive_logs: Handler
    receive_queue: Handler
    receive_stream: Handler


def register(app: Chalice, services: Services) -> Functions:
    """Tell `app` of all functions; app.py must give each its name here, since Lambda looks for "app.<name>".

    Nothing sets a receiver off until somebody asks for it (infra/merge.yaml has the parameters).
    """

    def index_stream(event: DynamoDBEvent) -> None:
        index_stream_function.index_stream(services, event.to_dict(), event.context)

    def seal(event: CloudWatchEvent) -> None:
        seal_function.seal(services, event.context)

    def work(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
        return work_function.work(services, event.to_dict(), event.context)

    def receive_logs(event: Any, context: Any) -> None:
        receive_logs_function.receive_logs(services, event, context)

    def receive_queue(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
        return receive_queue_function.receive_queue(services, event, context)

    def receive_stream(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
        return receive_stream_function.receive_stream(services, event, context)

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
        receive_logs=app.lambda_function()(receive_logs),
        receive_queue=app.lambda_function()(receive_queue),
        receive_stream=app.lambda_function()(receive_stream),
    )


def queue_name(url: str) -> str:
    """The last part of a queue's URL, which is its name."""
    return url.rstrip("/").rpartition("/")[2] or NO_QUEUE
