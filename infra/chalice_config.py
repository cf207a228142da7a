"""What may stand in .chalice/config.json. Chalice reads the keys that it knows and says nothing of the others.

So `xray_tracing: true` and a mistyped `lambda_timout` are both silence (tried with Chalice 1.34). The keys below
are the properties of its `chalice.config.Config`; tests/infra/test_chalice_config.py compares.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONFIG = Path(".chalice/config.json")

# Understood at the top, in a stage, and (the function-wide ones) under a stage's `lambda_functions`.
SETTABLE = frozenset(
    {
        "api_gateway_custom_domain",
        "api_gateway_endpoint_type",
        "api_gateway_endpoint_vpce",
        "api_gateway_policy_file",
        "api_gateway_stage",
        "autogen_policy",
        "automatic_layer",
        "environment_variables",
        "iam_policy_file",
        "iam_role_arn",
        "lambda_architecture",
        "lambda_memory_size",
        "lambda_timeout",
        "layers",
        "manage_iam_role",
        "minimum_compression_size",
        "reserved_concurrency",
        "security_group_ids",
        "subnet_ids",
        "tags",
        "websocket_api_custom_domain",
        "xray",
    }
)
PER_FUNCTION = frozenset(key for key in SETTABLE if not key.startswith(("api_gateway", "websocket", "minimum")))
TOP = SETTABLE | {"app_name", "stages", "version"}
IN_STAGE = SETTABLE | {"lambda_functions"}


def read_config(path: Path = CONFIG) -> dict[str, Any]:
    """The file as it is. Raises OSError and json.JSONDecodeError."""
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def find_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """One line for everything that Chalice would pass over in silence, or that this project insists on."""
    yield from _unknown("", config, TOP)
    for stage, settings in config.get("stages", {}).items():
        yield from _unknown(f"stages.{stage}.", settings, IN_STAGE)
        for function, function_settings in settings.get("lambda_functions", {}).items():
            yield from _unknown(f"stages.{stage}.lambda_functions.{function}.", function_settings, PER_FUNCTION)
        yield from _policy_problems(stage, {**config, **settings})


def _unknown(prefix: str, settings: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    for key in settings:
        if key == "log_retention_in_days":
            yield f"{prefix}{key} breaks the template (aws/chalice#2079); infra/merge.yaml declares the log group"
        elif key not in known:
            yield f"{prefix}{key} is not a key that Chalice reads"


def _policy_problems(stage: str, settings: Mapping[str, Any]) -> Iterator[str]:
    if settings.get("autogen_policy") is not False:
        yield f"stages.{stage}: autogen_policy must be false; Chalice's guess reads app.py only"
    if "iam_policy_file" not in settings:
        yield f"stages.{stage}: no iam_policy_file"
