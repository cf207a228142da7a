"""The SDK's errors, translated once: whose fault, and what to tell the sender.

Every failure here is ours, and all may be retried: 429 when the table wants less, 503 otherwise. A sender learns
nothing of tables and policies; what an operator has to mend is added as a note to the error, which log lines show.
Codes: DynamoDB developer guide, "Error handling", and botocore 1.44, retries/standard.py.
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

NOT_SET_UP = "the store is not set up properly"
_NOT_SET_UP_ERRORS = (NoCredentialsError, PartialCredentialsError, NoRegionError)
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


def translated(error: ClientError | BotoCoreError, table: str) -> StoreError:
    """The StoreError to raise from `error`, which an operation on `table` gave."""
    if isinstance(error, ClientError):
        return _of_answer(error, table)
    if isinstance(error, _NOT_SET_UP_ERRORS):
        return not_set_up(error)
    return _noted(StoreError("the store could not be reached"), str(error))  # or answered late, or by half


def not_set_up(error: Exception) -> StoreError:
    """The StoreError to raise from what the SDK says when it lacks a region, credentials or a usable endpoint."""
    return _noted(StoreError(NOT_SET_UP), f"{str(error).rstrip('.')}; check region, credentials (or role) and endpoint")


def _of_answer(error: ClientError, table: str) -> StoreError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    happened = f"{code} in {error.operation_name} on table {table}"
    if code in THROTTLING_CODES:
        return _noted(StoreThrottled("the store is busy; send less or later"), happened)
    if code in HINTS:
        return _noted(StoreError(NOT_SET_UP), f"{happened}: {HINTS[code]}")
    return _noted(StoreError("the store failed"), happened)


def _noted(error: StoreError, note: str) -> StoreError:
    error.add_note(note)
    return error
