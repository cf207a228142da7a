from typing import Any

import pytest

from chalicelib.rollups.peers import DATABASE, EXTERNAL, MESSAGING, Node, find_destination, find_peer

CASES: list[tuple[dict[str, Any], Node]] = [
    ({"peer.service": "billing", "server.address": "10.0.0.7"}, Node(EXTERNAL, "billing")),
    ({"peer.service": "orders-db", "db.system": "mysql", "db.name": "orders"}, Node(DATABASE, "orders-db")),
    ({"db.system.name": "postgresql", "db.namespace": "orders", "server.address": "db-3"},
     Node(DATABASE, "postgresql/orders")),
    ({"db.system": "mysql", "db.name": "orders", "net.peer.name": "db-3"}, Node(DATABASE, "mysql/orders")),
    ({"db.system": "redis", "server.address": "cache-1"}, Node(DATABASE, "redis")),
    ({"db.system.name": "aws.dynamodb", "aws.dynamodb.table_names": ["carts", "x"]}, Node(DATABASE, "dynamodb/carts")),
    ({"rpc.system": "aws-api", "rpc.service": "DynamoDB", "aws.dynamodb.table_names": ["carts"]},
     Node(DATABASE, "dynamodb/carts")),
    ({"messaging.system": "kafka", "messaging.destination.name": "orders"}, Node(MESSAGING, "kafka/orders")),
    ({"messaging.system": "AmazonSQS", "messaging.destination": "jobs"}, Node(MESSAGING, "aws_sqs/jobs")),
    ({"messaging.system": "jms", "messaging.destination.name": "reply-17", "messaging.destination.template": "reply-"},
     Node(MESSAGING, "jms/reply-")),
    ({"messaging.system": "rabbitmq", "messaging.destination.name": "amq.gen-1",
      "messaging.destination.temporary": True}, Node(MESSAGING, "rabbitmq")),
    ({"faas.invoked_name": "resize", "rpc.service": "Lambda"}, Node(EXTERNAL, "resize")),
    ({"rpc.service": "SQS", "aws.sqs.queue.url": "https://sqs.eu-west-1.amazonaws.com/1/jobs"},
     Node(MESSAGING, "aws_sqs/jobs")),
    ({"aws.sns.topic.arn": "arn:aws:sns:eu-west-1:1:events"}, Node(MESSAGING, "aws.sns/events")),
    ({"rpc.service": "S3", "aws.s3.bucket": "photos"}, Node(EXTERNAL, "s3/photos")),
    ({"rpc.system": "grpc", "rpc.service": "shop.Stock", "server.address": "10.0.0.9"}, Node(EXTERNAL, "shop.Stock")),
    ({"server.address": "api.example.com", "url.full": "https://other.example"}, Node(EXTERNAL, "api.example.com")),
    ({"net.peer.name": "api.example.com"}, Node(EXTERNAL, "api.example.com")),
    ({"http.url": "https://me:secret@api.example.com:8443/v1?x=1"}, Node(EXTERNAL, "api.example.com")),
    ({"url.full": "http://[::1]:80/"}, Node(EXTERNAL, "::1")),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "node"), CASES, ids=str)
def test_a_call_names_the_node_at_its_other_end(attributes: dict[str, Any], node: Node):
    assert find_peer(attributes) == node


@pytest.mark.parametrize(
    "attributes", [{}, {"peer.service": ""}, {"db.system": None}, {"server.address": {"a": 1}}, {"http.url": "/path"}]
)
def test_a_call_that_names_nobody_has_no_node(attributes: dict[str, Any]):
    assert find_peer(attributes) is None


def test_a_name_that_says_nothing_leaves_the_next_rule_its_turn():
    assert find_peer({"peer.service": "", "db.system": [], "server.address": "api"}) == Node(EXTERNAL, "api")


def test_a_consumer_names_its_queue_and_never_a_host():
    assert find_destination({"aws.kinesis.stream_name": "clicks", "server.address": "x"}) == Node(
        MESSAGING, "aws.kinesis/clicks"
    )
    assert find_destination({"server.address": "x", "db.system": "mysql"}) is None


def test_a_very_long_name_is_cut():
    node = find_peer({"server.address": "h" * 1000})
    assert node is not None
    assert len(node.name) == 200
