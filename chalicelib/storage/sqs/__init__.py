"""Work for other invocations in an SQS queue: the only package that speaks to it."""
