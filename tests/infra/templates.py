"""CloudFormation templates as plain dicts: `!Ref X` reads as {"Ref": "X"}, any other `!Name …` as {"Fn::Name": …}."""

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader, suffix, node):
    construct = {
        yaml.ScalarNode: loader.construct_scalar,
        yaml.SequenceNode: lambda sequence: loader.construct_sequence(sequence, deep=True),
        yaml.MappingNode: lambda mapping: loader.construct_mapping(mapping, deep=True),
    }[type(node)]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": construct(node)}


_Loader.add_multi_constructor("!", _intrinsic)


def template(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader with three more tags


def resource(document: dict, logical_id: str) -> dict:
    return document["Resources"][logical_id]


def properties(document: dict, logical_id: str) -> dict:
    return resource(document, logical_id)["Properties"]


def cfn_lint(path: Path) -> str:
    """What cfn-lint says about a template, warnings too; nothing if it is content."""
    command = [sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())", str(path)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout  # noqa: S603  # our own words
