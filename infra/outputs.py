"""The tables stack's outputs (names, the stream, the queue), written into .chalice/config.json.

aws cloudformation describe-stacks --stack-name spanfold-dev-tables | python -m infra.outputs --stage dev
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from infra.chalice_config import CONFIG, read_config

OUTPUT_TO_VARIABLE = {
    "FactsTableName": "SPANFOLD_FACTS_TABLE",
    "ViewsTableName": "SPANFOLD_VIEWS_TABLE",
    "ControlTableName": "SPANFOLD_CONTROL_TABLE",
    "FactsStreamArn": "SPANFOLD_FACTS_STREAM_ARN",
    "WorkQueueUrl": "SPANFOLD_WORK_QUEUE_URL",
}


class WrongStack(ValueError):
    """Not the answer of describe-stacks for the tables of this stage."""


def outputs_of(described: Mapping[str, Any]) -> dict[str, str]:
    """Output names to values, from what `aws cloudformation describe-stacks` prints. Raises WrongStack."""
    stacks = described.get("Stacks", [])
    if len(stacks) != 1:
        raise WrongStack(f"{len(stacks)} stacks described, not one; name it with --stack-name")
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def with_outputs(config: Mapping[str, Any], stage: str, outputs: Mapping[str, str]) -> dict[str, Any]:
    """`config` with this stage's variables set from `outputs`, everything else as it was. Raises WrongStack."""
    if stage not in config.get("stages", {}):
        raise WrongStack(f"stage {stage!r} is not in {CONFIG}")
    if outputs.get("Stage") != stage:
        raise WrongStack(f"these are the outputs of stage {outputs.get('Stage')!r}, not of {stage!r}")
    if missing := OUTPUT_TO_VARIABLE.keys() - outputs.keys():
        raise WrongStack(f"the stack has no output {', '.join(sorted(missing))}")
    settings = config["stages"][stage]
    variables = {variable: outputs[output] for output, variable in OUTPUT_TO_VARIABLE.items()}
    environment = {**settings.get("environment_variables", {}), **variables}
    stages = {**config["stages"], stage: {**settings, "environment_variables": environment}}
    return {**config, "stages": stages}


def main(arguments: Sequence[str], described: TextIO, path: Path = CONFIG) -> int:
    """Rewrite `path`; 0, or 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m infra.outputs", description=__doc__)
    parser.add_argument("--stage", required=True)
    stage = parser.parse_args(arguments).stage
    try:
        config = with_outputs(read_config(path), stage, outputs_of(json.load(described)))
    except json.JSONDecodeError as error:
        print(f"infra.outputs: not what describe-stacks prints ({error}); did it fail?", file=sys.stderr)
        return 1
    except WrongStack as error:
        print(f"infra.outputs: {error}", file=sys.stderr)
        return 1
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin))
