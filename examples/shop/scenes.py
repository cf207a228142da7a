"""What happens in the shop: orders, refunds, and a nightly sweep. Each scene answers the ids of its traces.

API Gateway → checkout → inventory, payments → SQS → fulfilment (batches) → SNS → notifications
EventBridge → refunds, a workflow of three states
"""

from collections.abc import Callable
from random import Random

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import Span, SpanKind

from examples.shop.clock import Clock
from examples.shop.functions import (
    ACCOUNT,
    REGION,
    Attributes,
    Call,
    Function,
    OutOfStock,
    PaymentDeclined,
    context_of,
    link_to,
)

NAMES = ("checkout", "inventory", "payments", "fulfilment", "notifications", "refunds")
QUEUE = "shop-orders"
TOPIC = "shop-shipped"
BATCH_SIZE = 5
DECLINED_SHARE = 0.12
OUT_OF_STOCK_SHARE = 0.06

Carrier = dict[str, str]


class Shop:
    """Six functions, a queue between two of them, and a clock."""

    def __init__(self, make_sender: Callable[[], SpanProcessor], clock: Clock, random: Random) -> None:
        self._random = random
        self._clock = clock
        self.functions = {name: Function(name, make_sender(), clock, random) for name in NAMES}
        self._queue: list[Carrier] = []

    def order(self) -> str:
        """Somebody checks out. The trace's id."""
        checkout, order_id = self.functions["checkout"], f"ord-{self._random.randrange(10**8):08}"
        request: Attributes = {
            "faas.trigger": "http",
            "http.request.method": "POST",
            "http.route": "/orders",
            "url.path": "/orders",
            "url.scheme": "https",
            "server.address": "api.shop.example",
            "user_agent.original": "shop-app/4.2 (iOS 19.1)",
            "shop.order.id": order_id,
        }
        with checkout.invocation("POST /orders", SpanKind.SERVER, request, None) as span:
            with checkout.step("validate cart", {"shop.cart.items": self._random.randint(1, 9)}):
                checkout.call(dynamodb("GetItem", "shop-carts"))
            span.set_attribute("http.response.status_code", self._buy(order_id))
        self._flush("checkout", "inventory", "payments")
        return trace_id(span)

    def fulfil(self) -> str | None:
        """The queue's function takes what waits there, up to a batch. Its trace's id, or None if nothing waits."""
        batch, self._queue = self._queue[:BATCH_SIZE], self._queue[BATCH_SIZE:]
        if not batch:
            return None
        fulfilment = self.functions["fulfilment"]
        self._clock.pass_ms(120)
        polled: Attributes = {
            "faas.trigger": "pubsub",
            "messaging.system": "aws_sqs",
            "messaging.operation.type": "process",
            "messaging.destination.name": QUEUE,
            "messaging.batch.message_count": len(batch),
        }
        parent = context_of(batch[0]) if len(batch) == 1 else None  # many parents are no parent: links say the rest
        links = [link_to(carrier) for carrier in batch]
        with fulfilment.invocation(f"{QUEUE} process", SpanKind.CONSUMER, polled, parent, links) as span:
            for _ in batch:
                with fulfilment.step("pack order", {"shop.warehouse": self._random.choice(("north", "south"))}):
                    fulfilment.call(s3("PutObject", "shop-labels"))
                    fulfilment.call(dynamodb("UpdateItem", "shop-orders"))
                self._notify(fulfilment.call(publish()))
        self._flush("fulfilment", "notifications")
        return trace_id(span)

    def refund(self) -> str:
        """A customer sends something back: an event starts a workflow of three states. The trace's id."""
        refunds = self.functions["refunds"]
        event: Attributes = {
            "faas.trigger": "pubsub",
            "aws.eventbridge.source": "shop.returns",
            "aws.eventbridge.detail_type": "ReturnReceived",
        }
        with refunds.invocation("ReturnReceived", SpanKind.CONSUMER, event, None) as span:
            carrier = refunds.call(start_execution())
        for state in ("InspectGoods", "RefundPayment", "RestockItem"):
            self._clock.pass_ms(40)
            entered: Attributes = {"faas.trigger": "other", "aws.step_functions.state.name": state}
            with refunds.invocation(state, SpanKind.SERVER, entered, context_of(carrier)):
                table = {"RestockItem": "shop-stock"}.get(state, "shop-returns")
                refunds.call(dynamodb("UpdateItem", table))
                if state == "RefundPayment":
                    refunds.call(bank("POST", 200, "refunds"))
        self._flush("refunds")
        return trace_id(span)

    def shut_down(self) -> None:
        """Send the rest and stop."""
        for function in self.functions.values():
            function.shut_down()

    def _buy(self, order_id: str) -> int:
        """The HTTP status for an order: reserved, paid and handed over, or not."""
        checkout = self.functions["checkout"]
        with checkout.calling(invoke("inventory")) as carrier:
            reserved = self._reserve(carrier, order_id)
        if not reserved:
            return 409
        with checkout.calling(invoke("payments")) as carrier:
            paid = self._charge(carrier, order_id)
        if not paid:
            return 402
        checkout.call(dynamodb("PutItem", "shop-orders"))
        self._queue.append(checkout.call(send_message()))
        return 201

    def _reserve(self, carrier: Carrier, order_id: str) -> bool:
        """Whether there was stock."""
        inventory = self.functions["inventory"]
        asked: Attributes = {"faas.trigger": "other", "shop.order.id": order_id}
        with inventory.invocation("reserve", SpanKind.SERVER, asked, context_of(carrier)):
            with inventory.step("find stock", {"shop.warehouse": "north"}):
                inventory.call(dynamodb("Query", "shop-stock"))
                if self._random.random() < OUT_OF_STOCK_SHARE:
                    raise OutOfStock(f"order {order_id}: 0 left in north")
            inventory.call(dynamodb("UpdateItem", "shop-stock"))
            return True
        return False

    def _charge(self, carrier: Carrier, order_id: str) -> bool:
        """Whether the order was paid."""
        payments = self.functions["payments"]
        method = self._random.choice(("card", "wallet"))
        asked: Attributes = {"faas.trigger": "other", "shop.order.id": order_id, "shop.payment.method": method}
        with payments.invocation("charge", SpanKind.SERVER, asked, context_of(carrier)):
            payments.call(secret())
            with payments.step("authorise", {"shop.currency": "EUR"}):
                declined = self._random.random() < DECLINED_SHARE
                payments.call(bank("POST", 402 if declined else 200, "charges"))
                if declined:
                    raise PaymentDeclined(f"order {order_id}: insufficient funds")
            payments.call(dynamodb("PutItem", "shop-payments"))
            return True
        return False

    def _notify(self, carrier: Carrier) -> None:
        notifications = self.functions["notifications"]
        self._clock.pass_ms(30)
        delivered: Attributes = {
            "faas.trigger": "pubsub",
            "messaging.system": "aws.sns",
            "messaging.destination.name": TOPIC,
        }
        parent, links = context_of(carrier), [link_to(carrier)]
        with notifications.invocation(f"{TOPIC} process", SpanKind.CONSUMER, delivered, parent, links):
            notifications.call(mail())

    def _flush(self, *names: str) -> None:
        for name in names:
            self.functions[name].flush()


def trace_id(span: Span) -> str:
    """The id of a span's trace, in hex."""
    return trace.format_trace_id(span.get_span_context().trace_id)


def aws(service: str, method: str, host: str, more: Attributes, about_ms: float) -> Call:
    """A call to AWS, as the SDK's instrumentation describes it."""
    attributes: Attributes = {
        "rpc.system": "aws-api",
        "rpc.service": service,
        "rpc.method": method,
        "cloud.region": REGION,
        "server.address": f"{host}.{REGION}.amazonaws.com",
        "http.response.status_code": 200,
        **more,
    }
    return Call(name=f"{service}.{method}", kind=SpanKind.CLIENT, attributes=attributes, about_ms=about_ms)


def dynamodb(method: str, table: str) -> Call:
    """A call to a table."""
    more: Attributes = {"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": (table,)}
    return aws("DynamoDB", method, "dynamodb", more, 6)


def s3(method: str, bucket: str) -> Call:
    """A call to a bucket."""
    return aws("S3", method, "s3", {"aws.s3.bucket": bucket}, 25)


def secret() -> Call:
    """The bank's password."""
    return aws("Secrets Manager", "GetSecretValue", "secretsmanager", {}, 14)


def invoke(name: str) -> Call:
    """A synchronous call of another function; the time is what is left after it has answered."""
    more: Attributes = {"faas.invoked_name": f"shop-{name}", "faas.invoked_provider": "aws"}
    return aws("Lambda", "Invoke", "lambda", more, 2)


def start_execution() -> Call:
    """The refund workflow's start."""
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:shop-refund"
    return aws("SFN", "StartExecution", "states", {"aws.step_functions.state_machine.arn": arn}, 18)


def send_message() -> Call:
    """One message to the queue; its context travels in the message's attributes."""
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QUEUE}"
    attributes: Attributes = {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "send",
        "messaging.destination.name": QUEUE,
        "aws.sqs.queue.url": url,
    }
    return Call(name=f"{QUEUE} send", kind=SpanKind.PRODUCER, attributes=attributes, about_ms=9)


def publish() -> Call:
    """One message to the topic."""
    attributes: Attributes = {
        "messaging.system": "aws.sns",
        "messaging.destination.name": TOPIC,
        "aws.sns.topic.arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}",
    }
    return Call(name=f"{TOPIC} send", kind=SpanKind.PRODUCER, attributes=attributes, about_ms=11)


def bank(method: str, status: int, path: str) -> Call:
    """A request to the bank."""
    attributes: Attributes = {
        "http.request.method": method,
        "url.full": f"https://api.bank.example/v2/{path}",
        "server.address": "api.bank.example",
        "http.response.status_code": status,
    }
    return Call(name=method, kind=SpanKind.CLIENT, attributes=attributes, about_ms=85)


def mail() -> Call:
    """A mail to the customer."""
    attributes: Attributes = {
        "http.request.method": "POST",
        "url.full": "https://api.mail.example/v3/send",
        "server.address": "api.mail.example",
        "http.response.status_code": 202,
    }
    return Call(name="POST", kind=SpanKind.CLIENT, attributes=attributes, about_ms=60)
