"""The largest bodies, honest and not, through the whole app: they fit into a function of 512 MB, and never give a 5xx.

A function that runs out of memory is killed, and the gateway answers 502 for it.
"""

import subprocess
import sys

import pytest

from tests.routes.heavy_bodies import HONEST

FUNCTION_MIB = 512
FUNCTION_S = 20  # of CPU; the gateway waits for 29

# Those of heavy_bodies.py that came closest to either limit, and the ones that used to pass them.
WORST = (
    "empty spans",
    "empty resourceSpans",
    "empty scopeSpans of many resourceSpans",
    "as many rejections as may be",
    "empty attributes of many spans",
    "empty attributes of a scope",
    "as many attributes as may be",
    "a dense resource for every part",
    "nested lists",
    "bad text among tiny fields",
    "bad text in every ordinary span",
    "JSON objects",
    "JSON spans that are numbers",
    "JSON spans with ids",
    "JSON surrogates",
)


def posted(shape: str) -> tuple[int, float, float]:
    command = [sys.executable, "-m", "tests.routes.heavy_bodies", shape]
    told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own program
    status, peak_mib, seconds = told.stdout.splitlines()[-1].split()  # a warning may be logged before
    return int(status), float(peak_mib), float(seconds)


@pytest.mark.parametrize("shape", WORST)
def test_a_body_made_to_exhaust_the_function_is_answered_within_its_memory_and_time(shape: str):
    status, peak_mib, seconds = posted(shape)
    assert status in (200, 400, 413)
    assert peak_mib < FUNCTION_MIB
    assert seconds < FUNCTION_S


@pytest.mark.parametrize("shape", HONEST)
def test_the_largest_body_that_a_sender_means_well_with_is_taken(shape: str):
    status, peak_mib, seconds = posted(shape)
    assert status == 200
    assert peak_mib < FUNCTION_MIB
    assert seconds < FUNCTION_S
