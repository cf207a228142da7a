"""Facts and control records in DynamoDB: the only package that speaks to it."""
