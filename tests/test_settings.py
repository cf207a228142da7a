import dataclasses

import pytest

from chalicelib.settings import BadSetting, Settings, from_environment

VARIABLES = {
    "SPANFOLD_FACTS_TABLE": ("facts_table", "f", "f"),
    "SPANFOLD_VIEWS_TABLE": ("views_table", "v", "v"),
    "SPANFOLD_CONTROL_TABLE": ("control_table", "c", "c"),
    "SPANFOLD_RETENTION_DAYS": ("retention_days", "3", 3),
    "SPANFOLD_MAX_BODY_BYTES": ("max_body_bytes", "1000", 1000),
    "SPANFOLD_MAX_DECOMPRESSED_BYTES": ("max_decompressed_bytes", "2000", 2000),
    "SPANFOLD_MAX_NESTING_DEPTH": ("max_nesting_depth", "5", 5),
    "SPANFOLD_MAX_ANSWER_BYTES": ("max_answer_bytes", "3000", 3000),
    "SPANFOLD_MAX_TRACE_BYTES": ("max_trace_bytes", "4000", 4000),
    "SPANFOLD_SEAL_WINDOW_S": ("seal_window_s", "30", 30),
    "SPANFOLD_SEAL_QUIET_S": ("seal_quiet_s", "120", 120),
    "SPANFOLD_SEAL_GRACE_S": ("seal_grace_s", "90", 90),
    "SPANFOLD_SAMPLING_FILE": ("sampling_file", "policies.json", "policies.json"),
    "SPANFOLD_STRATEGIES_FILE": ("strategies_file", "strategies.json", "strategies.json"),
    "SPANFOLD_SEAL_PIECE_TRACES": ("seal_piece_traces", "100", 100),
    "SPANFOLD_JOIN_LOOK_BACK_S": ("join_look_back_s", "7200", 7200),
    "SPANFOLD_UNDECIDED_HOURS": ("undecided_hours", "6", 6),
    "SPANFOLD_ARCHIVE_DAYS": ("archive_days", "400", 400),
    "SPANFOLD_FACTS_STREAM_ARN": ("facts_stream_arn", "arn:aws:dynamodb:::s", "arn:aws:dynamodb:::s"),
    "SPANFOLD_WORK_QUEUE_URL": ("work_queue_url", "https://sqs.test/1/work", "https://sqs.test/1/work"),
    "SPANFOLD_RECEIVER_TENANT": ("receiver_tenant", "acme", "acme"),
    "SPANFOLD_INDEX_BATCH_SIZE": ("index_batch_size", "100", 100),
    "SPANFOLD_INDEX_BATCH_WINDOW_S": ("index_batch_window_s", "2", 2),
    "SPANFOLD_INDEX_PARALLELISM": ("index_parallelism", "4", 4),
    "STRICT_TRACE_ID": ("strict_trace_id", "False", False),
    "AUTOCOMPLETE_KEYS": ("autocomplete_keys", "env,version", ("env", "version")),
    "QUERY_LOOKBACK": ("query_lookback_ms", "3600000", 3_600_000),
    "SPANFOLD_CORS_ORIGINS": (
        "cors_origins",
        "https://a.example, https://b.example,",
        ("https://a.example", "https://b.example"),
    ),
}


def test_every_field_has_its_variable():
    assert {field for field, _, _ in VARIABLES.values()} == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_sets_its_field_and_no_other(variable):
    field, text, value = VARIABLES[variable]
    assert from_environment({variable: text}) == dataclasses.replace(Settings(), **{field: value})


def test_an_absent_or_empty_variable_keeps_the_default():
    assert from_environment({}) == from_environment(dict.fromkeys(VARIABLES, "")) == Settings()


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5"])
def test_a_number_that_cannot_be_meant_is_named_with_its_variable(text):
    with pytest.raises(BadSetting, match=f"SPANFOLD_RETENTION_DAYS='{text}'"):
        from_environment({"SPANFOLD_RETENTION_DAYS": text})


def test_the_largest_body_and_the_largest_page_fit_lambdas_payload():
    defaults = Settings()
    lambda_payload_bytes, headers_bytes = 6 * 1024 * 1024, 10_240
    assert defaults.max_body_bytes * 4 // 3 + 3 * headers_bytes < lambda_payload_bytes
    assert defaults.max_answer_bytes * 4 // 3 + headers_bytes < lambda_payload_bytes


@pytest.mark.parametrize("tenant", ["-", "Acme", "a b", "x" * 65])
def test_a_receiver_has_a_tenant_that_the_store_can_keep(tenant):
    with pytest.raises(BadSetting, match="SPANFOLD_RECEIVER_TENANT"):
        from_environment({"SPANFOLD_RECEIVER_TENANT": tenant})


@pytest.mark.parametrize("text", ["yes", "1", "no"])
def test_what_is_neither_true_nor_false_is_refused(text):
    with pytest.raises(BadSetting, match="STRICT_TRACE_ID="):
        from_environment({"STRICT_TRACE_ID": text})
