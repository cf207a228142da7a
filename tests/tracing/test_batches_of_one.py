"""A batch of one message: what is known of the message is on the batch's span, whoever walks over it or not."""

from chalicelib.tracing import traced
from tests.tracing.lambda_world import LambdaContext, batch_of, message, traceparent


@traced
def handler(event, context):
    return None


def test_a_handler_that_takes_one_message_without_records_tells_which_it_was_and_which_delivery(recorder):
    handler(batch_of(message(1, traceparent())), LambdaContext())
    told = recorder.named("process paid").attributes
    assert told["messaging.message.id"] == "message-1"
    assert told["spanfold.delivery.attempt"] == 1
    assert told["messaging.batch.message_count"] == 1


def test_of_several_messages_the_batch_says_nothing_that_is_true_of_one(recorder):
    handler(batch_of(message(1, traceparent()), message(2, traceparent())), LambdaContext())
    told = recorder.named("process paid").attributes
    assert "messaging.message.id" not in told
    assert told["messaging.batch.message_count"] == 2
