"""The service graph, read from rollups."""

from collections.abc import Mapping

from chalicelib.model.rollups import Graph
from chalicelib.model.windows import Window
from chalicelib.rollups.rollup import Rollup


def graph(rollups: Mapping[int, Rollup], window: Window) -> Graph:
    """Nodes and edges of the calls in the window; every service with spans in it is a node, also one without edges."""
    raise NotImplementedError
