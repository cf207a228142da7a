"""How errors look in Spanfold's own dialect."""

import json

from chalicelib.model.errors import NoSuchTrace, QueryError
from chalicelib.routes.answers import NATIVE, refusal


def refused(error):
    return json.loads(refusal(NATIVE, {}, error).body)["error"]


def test_an_error_of_a_query_says_in_which_line_and_column():
    error = QueryError("expected `}`", line=2, column=7)
    assert refused(error) == {"code": "queryError", "message": "expected `}`", "line": 2, "column": 7}


def test_an_error_without_a_place_has_none():
    assert refused(QueryError("a bad cursor")) == {"code": "queryError", "message": "a bad cursor"}
    assert refused(NoSuchTrace("ab")) == {"code": "noSuchTrace", "message": "no trace ab"}
