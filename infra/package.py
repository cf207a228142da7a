"""`chalice package` with what it leaves out: config checked, infra/merge.yaml laid over, byte code, sizes printed.

    python -m infra.package --stage dev build/dev

writes build/dev/sam.yaml and build/dev/deployment.zip. Chalice fetches wheels for Lambda's Linux and for the Python
that runs it, so no C is compiled here, and no AWS credentials are needed. infra/bundle.py adds the byte code.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from chalicelib.settings import BadSetting, from_environment
from infra.chalice_config import CONFIG, find_problems, read_config

MERGE_TEMPLATE = Path(__file__).parent / "merge.yaml"
BUNDLE = Path(__file__).parent / "bundle.py"
OUR_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
MAX_PARALLELISM = 10  # of Lambda for one shard
MAX_ZIPPED_BYTES = 50_000_000  # what Lambda takes in one upload
MAX_UNZIPPED_BYTES = 250_000_000  # what it unpacks


@dataclass(frozen=True, kw_only=True)
class BundleSize:
    """What Lambda is given, and what it unpacks."""

    zipped_bytes: int
    unzipped_bytes: int

    def __str__(self) -> str:
        return f"{self.zipped_bytes / 1e6:.1f} MB zipped, {self.unzipped_bytes / 1e6:.1f} MB unpacked"

    @property
    def fits(self) -> bool:
        """Whether Lambda takes it."""
        return self.zipped_bytes <= MAX_ZIPPED_BYTES and self.unzipped_bytes <= MAX_UNZIPPED_BYTES


class PackageError(Exception):
    """What was built would not run, or was not built."""


def package(project: Path, stage: str, target: Path) -> BundleSize:
    """Build `stage` of the app in `project` into `target`. Raises PackageError.

    The template is the same for every region; Chalice only wants one to be named.
    """
    command = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    target.mkdir(parents=True, exist_ok=True)
    merged = target / "merge.yaml"
    merged.write_text(merge_template(_variables(project, stage)), encoding="utf-8")
    options = ["package", "--stage", stage, "--merge-template", str(merged), str(target)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", **os.environ}
    chalice = subprocess.run([*command, *options], cwd=project, env=environment, check=False)  # noqa: S603  # our words
    if chalice.returncode:
        raise PackageError("chalice package failed; what it said is above")
    check_runtime(target / "sam.yaml")
    check_requirements(project / "requirements.txt", target / "deployment.zip")
    rewrite(target / "deployment.zip")
    return bundle_size(target / "deployment.zip")


def merge_template(variables: Mapping[str, str]) -> str:
    """infra/merge.yaml with what the stage's variables set in it. Raises PackageError.

    Chalice takes the stream's batch size and window from app.py, and has no word for the parallelism.
    """
    try:
        parallelism = from_environment(variables).index_parallelism
    except BadSetting as wrong:
        raise PackageError(str(wrong)) from wrong
    if parallelism > MAX_PARALLELISM:
        raise PackageError(f"SPANFOLD_INDEX_PARALLELISM={parallelism} is more than Lambda's {MAX_PARALLELISM}")
    return MERGE_TEMPLATE.read_text(encoding="utf-8").replace(
        "ParallelizationFactor: 1 ", f"ParallelizationFactor: {parallelism} "
    )


def find_unset(config: Mapping[str, Any], stage: str) -> list[str]:
    """The variables of `stage` without which its functions cannot be deployed; infra.outputs sets them."""
    variables = config["stages"][stage].get("environment_variables", {})
    return [name for name in ("SPANFOLD_FACTS_STREAM_ARN", "SPANFOLD_WORK_QUEUE_URL") if not variables.get(name)]


def _variables(project: Path, stage: str) -> Mapping[str, str]:
    config = read_config(project / CONFIG)
    own = config["stages"].get(stage, {}).get("environment_variables", {})
    return {**config.get("environment_variables", {}), **own}


def check_runtime(template: Path) -> None:
    """Raise PackageError unless every function of the template runs on the Python that runs this."""
    for runtime in re.findall(r"^ *Runtime: (\S+)$", template.read_text(encoding="utf-8"), re.MULTILINE):
        if runtime != OUR_RUNTIME:
            raise PackageError(f"{template} wants {runtime}, and the byte code would be {OUR_RUNTIME}'s")


def check_requirements(requirements: Path, bundle: Path) -> None:
    """Raise PackageError unless everything required is in the bundle.

    Chalice goes on without what has no wheel for Lambda, and counts that as success.
    """
    wanted = re.findall(r"^([\w.-]+)==([^\s;]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    with ZipFile(bundle) as archive:
        present = {_folded(name.split(".dist-info/")[0]) for name in archive.namelist() if ".dist-info/" in name}
    missing = [f"{name}=={version}" for name, version in wanted if _folded(f"{name}-{version}") not in present]
    if missing:
        raise PackageError(f"no wheel for Lambda: {', '.join(missing)}")


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def rewrite(bundle: Path) -> None:
    """infra/bundle.py in a process of its own, for the same bytes each time. Raises subprocess.CalledProcessError."""
    subprocess.run([sys.executable, "-I", "-S", str(BUNDLE), str(bundle)], check=True)  # noqa: S603  # our words


def bundle_size(bundle: Path) -> BundleSize:
    """How big a deployment package is. Raises OSError and zipfile.BadZipFile."""
    with ZipFile(bundle) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())
    return BundleSize(zipped_bytes=bundle.stat().st_size, unzipped_bytes=unzipped)


def main(arguments: Sequence[str]) -> int:
    """Package one stage of the project in the working directory; 0, or 1 with the reasons on standard error."""
    parser = argparse.ArgumentParser(prog="python -m infra.package")
    parser.add_argument("--stage", required=True)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args(arguments)
    config = read_config()
    problems = list(find_problems(config))
    if asked.stage not in config["stages"]:
        problems.append(f"no stage {asked.stage!r}; there are {', '.join(config['stages'])}")
    if problems:
        print("\n".join(f".chalice/config.json: {problem}" for problem in problems), file=sys.stderr)
        return 1
    try:
        size = package(Path.cwd(), asked.stage, asked.target.absolute())
    except PackageError as error:
        print(f"not packaged: {error}", file=sys.stderr)
        return 1
    print(f"{asked.target}/sam.yaml, {asked.target}/deployment.zip: {size}")
    if unset := find_unset(config, asked.stage):
        print(f"not to be deployed yet: {' and '.join(unset)} not set; docs/deploy.md, step 2", file=sys.stderr)
    if not size.fits:
        print("that is more than Lambda takes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
