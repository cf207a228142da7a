"""The application, packaged once per session and architecture, from a copy of what ships."""

import json
import platform
import shutil

import pytest

from infra.outputs import with_outputs
from infra.package import package
from tests.infra.templates import ROOT

OUTPUTS = {  # of the tables' stack
    "Stage": "dev",
    "FactsTableName": "spanfold-dev-facts",
    "ViewsTableName": "spanfold-dev-views",
    "ControlTableName": "spanfold-dev-control",
    "FactsStreamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/spanfold-dev-facts/stream/2026-01-01T00:00:00.000",
    "WorkQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/spanfold-dev-work",
}

SHIPPED = ("app.py", "chalicelib", "requirements.txt")
MACHINE_TO_ARCHITECTURE = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@pytest.fixture(scope="session")
def packaged(tmp_path_factory):
    """A function from an architecture to the directory with sam.yaml and deployment.zip; about six seconds each."""
    built = {}

    def build(architecture):
        if architecture not in built:
            project = tmp_path_factory.mktemp(f"project-{architecture}")
            _copy_what_ships(project, architecture)
            package(project, "dev", project / "build")
            built[architecture] = project / "build"
        return built[architecture]

    return build


@pytest.fixture(scope="session")
def deployed(packaged):
    """What `make package STAGE=dev` makes: the bundle for arm64."""
    return packaged("arm64")


@pytest.fixture(scope="session")
def runnable(packaged):
    """The same for the machine that the tests run on, where its binaries can be loaded."""
    return packaged(MACHINE_TO_ARCHITECTURE[platform.machine()])


def _copy_what_ships(project, architecture):
    for name in SHIPPED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, project / name)
    shutil.copytree(ROOT / ".chalice", project / ".chalice", ignore=shutil.ignore_patterns("deployments", "deployed"))
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    made = with_outputs({**config, "lambda_architecture": architecture}, "dev", OUTPUTS)
    path.write_text(json.dumps(made), encoding="utf-8")
