"""Events as AWS hands them to functions, one builder for each source, with the sender's context where it can have one.

Provenance: the shapes are those of the AWS guides that the readers name (chalicelib/propagation/triggers/*.py), read
in November 2026; a word beside a builder says where it is from somewhere else. Ids, names and times are invented, and
no builder has more than a reader, or somebody who mutates it, could trip over. Every call makes a new event.
"""

import base64
import gzip
import json

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
XRAY_ROOT, XRAY_PARENT = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
XRAY = f"Root=1-{XRAY_ROOT[:8]}-{XRAY_ROOT[8:]};Parent={XRAY_PARENT};Sampled=1"
ROOT_ONLY = f"Root=1-{XRAY_ROOT[:8]}-{XRAY_ROOT[8:]}"
DATADOG = {"x-datadog-trace-id": "11803532876627986230", "x-datadog-parent-id": "67667974448284343",
           "x-datadog-sampling-priority": "1", "x-datadog-tags": "_dd.p.tid=4bf92f3577b34da6"}  # fmt: skip
OURS = {"traceparent": TRACEPARENT, "tracestate": "vendor=1", "baggage": "tenant=blue"}

NOON_NS = 1_795_348_800_000_000_000  # 2026-11-22T12:00:00Z
NOON_MS = NOON_NS // 1_000_000
NOON = "2026-11-22T12:00:00.000Z"

ACCOUNT, REGION = "123456789012", "eu-west-1"


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def b64(value):
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


def headers(**more):
    return {
        "Host": "shop.example",
        "User-Agent": "curl/8.5",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.7, 10.0.0.1",
        "X-Amzn-Trace-Id": ROOT_ONLY,
        **more,
    }


# --- requests ---------------------------------------------------------------------------------------------------------


def rest_request(sent=(TRACEPARENT,), **more):
    multiple = {name: [value] for name, value in headers().items()} | {"traceparent": list(sent)}
    return {
        "resource": "/pets/{id}",
        "path": "/pets/7",
        "httpMethod": "GET",
        "headers": {name: values[-1] for name, values in multiple.items() if values},
        "multiValueHeaders": multiple,
        "queryStringParameters": {"page": "2"},
        "multiValueQueryStringParameters": {"page": ["1", "2"], "Signature": ["secret"]},
        "pathParameters": {"id": "7"},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": "/pets/{id}",
            "httpMethod": "GET",
            "path": "/prod/pets/7",
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
            "requestTimeEpoch": NOON_MS,
            "requestId": "request-1",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8.5"},
            "apiId": "abc123",
        },
        "body": None,
        "isBase64Encoded": False,
        **more,
    }


def http_request(domain="abc123.execute-api.eu-west-1.amazonaws.com", route="GET /pets/{id}", sent=TRACEPARENT):
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": "/pets/7",
        "rawQueryString": "page=2&sig=secret",
        "cookies": ["session=1"],
        "headers": {name.lower(): value for name, value in headers(traceparent=sent).items()},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "abc123",
            "domainName": domain,
            "http": {"method": "GET", "path": "/pets/7", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "request-1",
            "routeKey": route,
            "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": NOON_MS,
        },
        "isBase64Encoded": False,
    }


def function_url():
    return http_request("abcdefgh.lambda-url.eu-west-1.on.aws", "$default")


def websocket(route="$connect", **more):
    event_type = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(route, "MESSAGE")
    has_headers = event_type == "CONNECT"
    return {
        **({"headers": headers(traceparent=TRACEPARENT), "multiValueHeaders": {}} if has_headers else {}),
        "requestContext": {
            "routeKey": route,
            "eventType": event_type,
            "connectionId": "L0SM9cOFvHcCIhw=",
            "requestTimeEpoch": NOON_MS,
            "requestId": "request-1",
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
            "stage": "prod",
            "identity": {"sourceIp": "203.0.113.7"},
            "apiId": "abc123",
        },
        "isBase64Encoded": False,
        **more,
    }


def websocket_message():
    return websocket("send", body=json.dumps({"action": "send", "_trace": OURS}))


def load_balancer():
    """With the target group's attribute lambda.multi_value_headers.enabled off: names in lower case."""
    return {
        "requestContext": {"elb": {"targetGroupArn": arn("elasticloadbalancing", "targetgroup/shop/49e9d65c45c6791a")}},
        "httpMethod": "PURGE",
        "path": "/pets",
        "queryStringParameters": {"q": "a%20b"},
        "headers": {name.lower(): value for name, value in headers(traceparent=TRACEPARENT).items()},
        "body": "",
        "isBase64Encoded": False,
    }


def lattice():
    return {
        "version": "2.0",
        "path": "/pets",
        "method": "GET",
        "headers": {"host": ["shop.example"], "traceparent": [TRACEPARENT], "user-agent": ["curl/8.5"]},
        "requestContext": {
            "serviceNetworkArn": arn("vpc-lattice", "servicenetwork/sn-1"),
            "serviceArn": arn("vpc-lattice", "service/svc-1"),
            "targetGroupArn": arn("vpc-lattice", "targetgroup/tg-1"),
            "identity": {"sourceVpcArn": arn("ec2", "vpc/vpc-1")},
            "region": REGION,
            "timeEpoch": str(NOON_MS * 1000),
        },
    }


def authorizer():
    event = rest_request()
    return {"type": "REQUEST", "methodArn": arn("execute-api", "abc123/prod/GET/pets/7"), **event}


def authorizer_2():
    event = http_request()
    return {
        **event,
        "type": "REQUEST",
        "routeArn": arn("execute-api", "abc123/$default/GET/pets"),
        "identitySource": [],
    }


def authorizer_token():
    return {"type": "TOKEN", "methodArn": arn("execute-api", "abc123/prod/GET/pets/7"), "authorizationToken": "t"}


def appsync():
    return {
        "arguments": {"id": "7"},
        "identity": None,
        "source": None,
        "request": {"headers": {"host": "graph.example", "user-agent": "app/1", "traceparent": TRACEPARENT}},
        "prev": None,
        "info": {"fieldName": "pet", "parentTypeName": "Query", "variables": {}, "selectionSetList": ["id"]},
        "stash": {},
    }


def appsync_batch():
    one = appsync()
    one["info"]["parentTypeName"] = "Pet"
    return [{**one, "source": {"id": str(number)}} for number in range(3)]


def cloudfront():
    request = {
        "clientIp": "203.0.113.7",
        "headers": {
            "host": [{"key": "Host", "value": "d123.cloudfront.net"}],
            "traceparent": [{"key": "traceparent", "value": TRACEPARENT}],
        },
        "method": "GET",
        "querystring": "size=large",
        "uri": "/picture.jpg",
    }
    config = {"distributionDomainName": "d123.cloudfront.net", "distributionId": "EDFDVBD6EXAMPLE",
              "eventType": "viewer-request", "requestId": "4TyzHTaYWb1GX1qTfsHhEqV6HUDd"}  # fmt: skip
    return {"Records": [{"cf": {"config": config, "request": request}}]}


# --- queues and topics ------------------------------------------------------------------------------------------------


def sqs_message(number=0, body="hello", attributes=None, **system):
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-66197500000{number}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a…",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(NOON_MS + number),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(NOON_MS + 5),
            **system,
        },
        "messageAttributes": attributes if attributes is not None else sqs_attributes(),
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn("sqs", "orders"),
        "awsRegion": REGION,
    }


def sqs_attributes(**texts):
    """As event source mappings give them: the lists are always there, and empty."""
    return {
        name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        for name, value in (texts or {"traceparent": TRACEPARENT}).items()
    }


def sqs(*messages):
    return {"Records": list(messages) or [sqs_message(number, AWSTraceHeader=XRAY) for number in range(3)]}


def sqs_fifo():
    system = {"SequenceNumber": "18849496460467696128", "MessageGroupId": "blue", "MessageDeduplicationId": "d-1"}
    return sqs(sqs_message(**system))


def sqs_redriven():
    return sqs(sqs_message(ApproximateReceiveCount="3", DeadLetterQueueSourceArn=arn("sqs", "orders-source")))


def notification(message="hello", attributes=None):
    return {
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": arn("sns", "shipments"),
        "Subject": None,
        "Message": message,
        "Timestamp": NOON,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": attributes if attributes is not None else sns_attributes(),
    }


def sns_attributes(**texts):
    return {name: {"Type": "String", "Value": value} for name, value in (texts or {"traceparent": TRACEPARENT}).items()}


def sns(message="hello", attributes=None):
    subscription = arn("sns", "shipments:21be56ed-a058-49f5-8c98-aedd2564c486")
    record = {"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": subscription}
    return {"Records": [{**record, "Sns": notification(message, attributes)}]}


def sns_in_sqs(message="hello"):
    return sqs(sqs_message(body=json.dumps(notification(message)), attributes={}))


def sns_raw_in_sqs():
    """A binary attribute stays one."""
    binary = {"binaryValue": b64(TRACEPARENT), "stringListValues": [], "binaryListValues": [], "dataType": "Binary"}
    return sqs(sqs_message(attributes={"traceparent": binary}))


# --- buses and clocks -------------------------------------------------------------------------------------------------


def bus_event(detail=None, source="shop.orders", kind="OrderPlaced", **more):
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-22T12:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"order": 7, "_trace": OURS} if detail is None else detail,
        **more,
    }


def bus_event_in_sqs():
    return sqs(sqs_message(body=json.dumps(bus_event()), attributes={}, AWSTraceHeader=XRAY))


def bus_detail_in_sqs():
    """A rule's input transformer handed on the detail alone (datadog-lambda-python #317)."""
    return sqs(sqs_message(body=json.dumps(bus_event()["detail"]), attributes={}))


def schedule():
    return bus_event({}, "aws.events", "Scheduled Event", resources=[arn("events", "rule/nightly")])


def scheduler():
    return bus_event("{}", "aws.scheduler", "Scheduled Event", resources=[arn("scheduler", "schedule/default/nightly")])


# --- streams and tables -----------------------------------------------------------------------------------------------


def kinesis_record(number=0, data=None):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "blue",
            "sequenceNumber": f"4959033827149025660855969253836157109592157598913665887{number}",
            "data": b64(json.dumps({"order": 7, "_trace": OURS}) if data is None else data),
            "approximateArrivalTimestamp": NOON_NS / 1e9,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000006:4959033827149025660855969253836157109592157598913665887{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/reader",
        "awsRegion": REGION,
        "eventSourceARN": arn("kinesis", "stream/clicks"),
    }


def kinesis():
    return {"Records": [kinesis_record(0), kinesis_record(1, "a line of a log")]}


def pipes_kinesis():
    """Pipes flatten what Lambda's mapping nests."""
    record = kinesis_record()
    return [{**{key: value for key, value in record.items() if key != "kinesis"}, **record["kinesis"]}]


def pipes_sqs():
    return sqs()["Records"]


def firehose():
    record = {
        "recordId": "49546986683135544286507457936321625675700192471156785154",
        "approximateArrivalTimestamp": NOON_MS,
        "data": b64(json.dumps({"_trace": OURS})),
        "kinesisRecordMetadata": {"sequenceNumber": "49545115243490985018280067714973144582180062593244200961",
                                  "subsequenceNumber": 0, "partitionKey": "k", "shardId": "shardId-000000000000"},
    }  # fmt: skip
    return {
        "invocationId": "invocation-1",
        "deliveryStreamArn": arn("firehose", "deliverystream/lake"),
        "sourceKinesisStreamArn": arn("kinesis", "stream/clicks"),
        "region": REGION,
        "records": [record],
    }


def table_change(name="MODIFY", new=None, old=None, **more):
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": NOON_NS / 1e9,
            "Keys": {"some-key": {"S": "some-value"}},
            "NewImage": {"some-key": {"S": "some-value"}, **(new or {})},
            "OldImage": {"some-key": {"S": "some-value"}, **(old or {})},
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": arn("dynamodb", "table/some-table/stream/2026-11-22T00:00:00.000"),
        **more,
    }


def dynamodb(*changes):
    return {"Records": list(changes) or [table_change(new={"traceparent": {"S": TRACEPARENT}})]}


def docdb():
    change = {
        "_id": {"_data": "0163eeb6e7000000090100000009000041e1"},
        "clusterTime": {"$timestamp": {"t": NOON_NS // 10**9, "i": 9}},
        "documentKey": {"_id": {"$oid": "63eeb6e7d418cd98afb1c1d7"}},
        "fullDocument": {"_id": {"$oid": "63eeb6e7d418cd98afb1c1d7"}, "name": "Anne"},
        "ns": {"db": "shop", "coll": "pets"},
        "operationType": "insert",
    }
    return {"eventSourceArn": arn("rds", "cluster:pets"), "events": [{"event": change}], "eventSource": "aws:docdb"}


def object_record(key="orders/a+b%21.json"):
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": NOON,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "EXAMPLE"},
        "requestParameters": {"sourceIPAddress": "203.0.113.7"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "testConfigRule",
            "bucket": {"name": "some-bucket", "ownerIdentity": {}, "arn": "arn:aws:s3:::some-bucket"},
            "object": {"key": key, "size": 1024, "eTag": "ab12ef34", "sequencer": "0A1B2C3D4E5F678901"},
        },
    }


def s3():
    return {"Records": [object_record()]}


def s3_on_bus():
    """Its key is not encoded, and its request is the one that wrote it."""
    detail = {
        "version": "0",
        "bucket": {"name": "some-bucket"},
        "object": {"key": "some-key.data", "size": 5, "etag": "ab12ef34", "sequencer": "00617F08299329D189"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": ACCOUNT,
        "reason": "PutObject",
    }
    return bus_event(detail, "aws.s3", "Object Created", resources=["arn:aws:s3:::some-bucket"])


def s3_in_sns_in_sqs():
    return sns_in_sqs(json.dumps({"Records": [object_record("some-key.data")]}))


# --- brokers ----------------------------------------------------------------------------------------------------------


def numbers(text):
    return list(text.encode())


def by_position(text):
    """As a Java runtime writes its bytes again (seen in fixtures of datadog-lambda-extension)."""
    return {str(position): str(byte) for position, byte in enumerate(text.encode())}


def kafka_record(encoded, partition=0):
    return {
        "topic": "clicks",
        "partition": partition,
        "offset": 15,
        "timestamp": NOON_MS,
        "timestampType": "CREATE_TIME",
        "key": b64("blue"),
        "value": b64("hello"),
        "headers": [{"traceparent": encoded}, {"baggage": numbers("tenant=blue")}],
    }


def msk():
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": arn("kafka", "cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2"),
        "bootstrapServers": "b-1.demo.kafka.eu-west-1.amazonaws.com:9092",
        "records": {
            "clicks-0": [kafka_record(numbers(TRACEPARENT))],
            "clicks-1": [kafka_record(by_position(TRACEPARENT), 1)],
        },
    }


def kafka():
    return {**msk(), "eventSource": "SelfManagedKafka", "eventSourceArn": None}


def activemq():
    message = {
        "messageID": "ID:b-9bcfa592-423a-4942-879d-eb284b418fc8-1.mq.eu-west-1.amazonaws.com-37557-1",
        "messageType": "jms/text-message",
        "timestamp": NOON_MS,
        "deliveryMode": 0,
        "redelivered": True,
        "data": b64("hello"),
        "destination": {"physicalName": "orders"},
        "properties": {"traceparent": TRACEPARENT},
    }
    broker = arn("mq", "broker:shop:b-9bcfa592-423a-4942-879d-eb284b418fc8")
    return {"eventSource": "aws:mq", "eventSourceArn": broker, "messages": [message]}


def rabbitmq():
    message = {
        "basicProperties": {
            "contentType": "text/plain",
            "headers": {"traceparent": {"bytes": numbers(TRACEPARENT)}, "numberInHeader": 10},
            "deliveryMode": 1,
            "correlationId": "conversation-1",
            "messageId": "message-1",
            "timestamp": "Jan 1, 1970, 12:33:41 AM",
            "bodySize": 80,
        },
        "redelivered": False,
        "data": b64("hello"),
    }
    broker = arn("mq", "broker:shop:b-9bcfa592-423a-4942-879d-eb284b418fc8")
    return {"eventSource": "aws:rmq", "eventSourceArn": broker, "rmqMessagesByQueue": {"orders::/": [message]}}


# --- invocations ------------------------------------------------------------------------------------------------------

EXECUTION = arn("states", "execution:shipping:72a7ca3e-901c-41bb-b5a3-5f279b92a316")


def context_object(given=None, execution=EXECUTION, **more):
    return {
        "Execution": {
            "Id": execution,
            "Input": given or {},
            "Name": execution.rpartition(":")[2],
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/shipping",
            "StartTime": NOON,
            "RedriveCount": 0,
        },
        "State": {"Name": "Pack", "EnteredTime": "2026-11-22T12:00:01.000Z", "RetryCount": 0},
        "StateMachine": {"Id": arn("states", "stateMachine:shipping"), "Name": "shipping"},
        **more,
    }


def states(given=None):
    return {"order": 7, "_trace": context_object({"_trace": OURS} if given is None else given)}


def states_as_event():
    return context_object()


def states_in_payload():
    return {"FunctionName": "pack", "Payload": {"order": 7, **context_object()}}


def states_map_child():
    child = arn("states", "execution:shipping/Each:0b5bb9f8-5f0c-3d51-8b1a-5e3c7a3ad1b7")
    return {"Items": [1, 2], "BatchInput": {"_trace": context_object({"_trace": OURS}, child)}}


def invoke():
    """OpenTelemetry's instrumentation of botocore puts `headers` into the payload."""
    return {"order": 7, "headers": {"traceparent": TRACEPARENT}}


def invocation_result(given=None, condition="Success"):
    return {
        "version": "1.0",
        "timestamp": NOON,
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": arn("lambda", "function:pack:$LATEST"),
            "condition": condition,
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"order": 7, "_trace": OURS} if given is None else given,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": None,
    }


def destination():
    return invocation_result()


def destination_on_bus():
    return bus_event(invocation_result(), "lambda", "Lambda Function Invocation Result - Success")


def destination_in_sqs():
    return sqs(sqs_message(body=json.dumps(invocation_result(condition="RetriesExhausted")), attributes={}))


def stream_failure_in_sqs():
    """The batch itself stays in the stream: only its ends are told."""
    body = invocation_result(condition="RetryAttemptsExhausted")
    del body["requestPayload"], body["responsePayload"]
    body["KinesisBatchInfo"] = {
        "shardId": "shardId-000000000006",
        "startSequenceNumber": "1",
        "endSequenceNumber": "9",
        "batchSize": 9,
        "streamArn": arn("kinesis", "stream/clicks"),
    }
    return sqs(sqs_message(body=json.dumps(body), attributes={}))


def lambda_dead_letter():
    """An asynchronous event whose function failed, in the function's dead-letter queue."""
    attributes = sqs_attributes(RequestID="request-9", ErrorCode="200", ErrorMessage="order is not defined")
    return sqs(sqs_message(body=json.dumps({"order": 7, "_trace": OURS}), attributes=attributes))


def durable(*checkpoints, given=None):
    """Checkpoints: datadog-lambda-python, durable.py; the rest: language SDK specification 1.2."""
    start = {
        "Id": "op-0",
        "Type": "EXECUTION",
        "Status": "STARTED",
        "StartTimestamp": NOON_MS,
        "ExecutionDetails": {"InputPayload": json.dumps({"_trace": OURS} if given is None else given)},
    }
    steps = [
        {"Id": f"op-{name}", "Type": "STEP", "Name": name, "StepDetails": {"Result": json.dumps(carried)}}
        for name, carried in checkpoints
    ]
    return {
        "DurableExecutionArn": arn("lambda", "function:pack:1/durable-execution/order-7/0b5bb9f8"),
        "CheckpointToken": "token",
        "InitialExecutionState": {"Operations": [start, *steps], "NextMarker": ""},
    }


# --- others -----------------------------------------------------------------------------------------------------------


def logs(*messages):
    held = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/aws/lambda/pack",
        "logStream": "2026/11/22/[$LATEST]abc",
        "subscriptionFilters": ["all"],
        "logEvents": [
            {"id": f"3195310660696698337880902507980421114328961{number}", "timestamp": NOON_MS, "message": message}
            for number, message in enumerate(messages or [json.dumps({"trace_id": TRACE_ID, "span_id": SPAN_ID})])
        ],
    }
    packed = gzip.compress(json.dumps(held, separators=(",", ":")).encode(), mtime=0)
    return {"awslogs": {"data": b64(packed)}}


def cognito():
    return {
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": REGION,
        "userPoolId": "eu-west-1_abc",
        "userName": "anne",
        "callerContext": {"awsSdkVersion": "1", "clientId": "c"},
        "request": {"userAttributes": {}, "clientMetadata": {"traceparent": TRACEPARENT}},
        "response": {},
    }


def ses():
    mail = {"messageId": "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1", "source": "a@shop.example"}
    return {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": {"mail": mail, "receipt": {}}}]}


def codecommit():
    return {"Records": [{"eventSource": "aws:codecommit", "eventId": "5a824061-17ca-46a9-bbf9-114edeadbeef"}]}


OTHERS = {
    "alexa": {"version": "1.0", "session": {}, "request": {"type": "LaunchRequest", "requestId": "amzn1.request"}},
    "config": {"invokingEvent": "{}", "configRuleName": "rule", "resultToken": "t"},
    "cloudformation": {"RequestType": "Create", "ResponseURL": "https://x", "StackId": "s", "RequestId": "r-1",
                       "LogicalResourceId": "l", "ResourceType": "Custom::X"},
    "codepipeline": {"CodePipeline.job": {"id": "job-1", "accountId": ACCOUNT, "data": {}}},
    "secrets-manager": {"Step": "createSecret", "SecretId": "s", "ClientRequestToken": "token-1"},
    "s3-batch": {"invocationSchemaVersion": "1.0", "invocationId": "i-1", "job": {"id": "j"}, "tasks": []},
    "s3-object-lambda": {"xAmzRequestId": "request-1", "getObjectContext": {}, "userRequest": {
        "url": "https://x", "headers": {"Host": "x", "traceparent": TRACEPARENT}}},
    "cloudwatch-alarm": {"source": "aws.cloudwatch", "alarmArn": "a", "accountId": ACCOUNT, "alarmData": {}},
    "connect": {"Name": "ContactFlowEvent", "Details": {"ContactData": {"ContactId": "c-1"}, "Parameters": {}}},
    "lex": {"messageVersion": "1.0", "sessionId": "s-1", "bot": {"name": "b"}, "sessionState": {}},
    "bedrock-agent": {"messageVersion": "1.0", "agent": {"name": "a"}, "sessionId": "s-1", "actionGroup": "g"},
    "iot": {"protocolData": {"mqtt": {}}, "protocols": ["mqtt"], "connectionMetadata": {"id": "c-1"}},
}  # fmt: skip


def other(kind):
    return json.loads(json.dumps(OTHERS[kind]))


# Kind to the builders whose event is of it.
GOOD = {
    "api-gateway-rest": [rest_request],
    "api-gateway-http": [http_request],
    "api-gateway-websocket": [websocket, websocket_message],
    "function-url": [function_url],
    "load-balancer": [load_balancer],
    "vpc-lattice": [lattice],
    "authorizer": [authorizer, authorizer_2, authorizer_token],
    "appsync": [appsync],
    "appsync-batch": [appsync_batch],
    "cloudfront": [cloudfront],
    "sqs": [sqs, sqs_fifo, sqs_redriven, sns_in_sqs, sns_raw_in_sqs, bus_event_in_sqs, bus_detail_in_sqs,
            s3_in_sns_in_sqs, destination_in_sqs, stream_failure_in_sqs, lambda_dead_letter],
    "sns": [sns],
    "eventbridge": [bus_event, s3_on_bus, destination_on_bus],
    "schedule": [schedule],
    "scheduler": [scheduler],
    "pipes": [pipes_sqs, pipes_kinesis],
    "kinesis": [kinesis],
    "firehose": [firehose],
    "dynamodb": [dynamodb],
    "docdb": [docdb],
    "s3": [s3],
    "msk": [msk],
    "kafka": [kafka],
    "activemq": [activemq],
    "rabbitmq": [rabbitmq],
    "states": [states, states_as_event, states_in_payload, states_map_child],
    "durable": [durable],
    "lambda-destination": [destination],
    "invoke": [invoke],
    "unknown": [lambda: {"order": 7}, list, lambda: None],
    "logs": [logs],
    "cognito": [cognito],
    "ses": [ses],
    "codecommit": [codecommit],
    **{kind: [lambda kind=kind: other(kind)] for kind in OTHERS},
}  # fmt: skip
EVERY = [(kind, build) for kind, builders in GOOD.items() for build in builders]
