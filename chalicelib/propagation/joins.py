"""The names under which the two sides of a carrier know one message, where no context travelled with it.

The producer learns an id from AWS's answer, the consumer finds the same id in its event; each writes it on its span,
and the backend joins them (views/joins). A name is "<what>:<id>":

    sqs:<MessageId>        sns:<MessageId>         eventbridge:<event id>        kinesis:<stream>:<SequenceNumber>
    lambda:<request id>    states:<execution ARN>  s3:<32 hex, see .pointers>    s3-request:<x-amz-request-id>
    dynamodb:<32 hex>      firehose:<record id>    xray:<32 hex of Root>         lambda-result:<request id>

and others by the same pattern (docs/triggers.md has all). `lambda-result` is what a function's result, or its failure,
is known by: the span that sent it is the invocation of that request id.

SENT is an attribute of the span that sent (a list of strings), RECEIVED of the one that was set off.
"""

SENT = "spanfold.join.sent"
RECEIVED = "spanfold.join.received"
MAX_JOINS = 128  # of one span; a batch of more is counted in the span's dropped attributes
