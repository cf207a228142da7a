"""The SDK's errors, translated once: whose fault, and what to tell the sender.

Every failure here is ours, and all may be retried: 429 when the table wants less, 503 otherwise. A sender learns
nothing of tables and policies; what an operator has to mend is added as a note to the error, which log lines with
a traceback show together with the cause. Codes: DynamoDB developer guide, "Error handling", and botocore 1.44,
retries/standard.py.
"""

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

from chalicelib.model.errors import StoreError, StoreThrottled

THROTTLING_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

_NOT_SET_UP = (NoCredentialsError, PartialCredentialsError, NoRegionError)
SDK_ERRORS = (ClientError, BotoCoreError)  # an answer that says no, and no answer

_CREDENTIALS = "the function has no valid AWS credentials; check its role and the clock"
HINTS = {
    "AccessDeniedException": "the function's policy does not allow this operation on this table",
    "ExpiredTokenException": _CREDENTIALS,
    "IncompleteSignatureException": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "KMSAccessDeniedException": "the function's policy does not allow the use of the table's KMS key",
    "MissingAuthenticationTokenException": _CREDENTIALS,
    "ResourceNotFoundException": "there is no such table here; check SPANFOLD_*_TABLE, the region and the endpoint",
    "UnrecognizedClientException": _CREDENTIALS,
    "ValidationException": "DynamoDB calls the request malformed: a mistake in Spanfold, or a table of another shape",
}


def translated(error: ClientError | BotoCoreError) -> StoreError:
    """The StoreError to raise from `error`."""
    if isinstance(error, ClientError):
        return _of_answer(error)
    if isinstance(error, _NOT_SET_UP):
        return _noted("the store is not set up properly", f"{error}; check the function's role and region")
    return _noted("the store could not be reached", str(error))  # no connection, no answer in time, or half of one


def _of_answer(error: ClientError) -> StoreError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    if code in THROTTLING_CODES:
        return StoreThrottled("the store is busy; send less or later")
    if code in HINTS:
        return _noted("the store is not set up properly", f"{code} in {error.operation_name}: {HINTS[code]}")
    return _noted("the store failed", f"{code} in {error.operation_name}")


def _noted(detail: str, note: str) -> StoreError:
    answer = StoreError(detail)
    answer.add_note(note)
    return answer
