"""The states that a deployment can be in, each made once, and what is true of it.

The same corpus is sealed by half, sealed, told more, sealed again and rebuilt; every state is kept as it was.
"""

from functools import cache
from typing import NamedTuple

from chalicelib.settings import Settings
from tests.end_to_end.corpus import Corpus, corpus
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.truth import Truth

FEW = 600  # traces, unless a test asks for others


class State(NamedTuple):
    """A deployment at some moment, and what is true of it."""

    deployment: Deployment
    truth: Truth
    corpus: Corpus


@cache
def unsealed(count: int = FEW) -> State:
    """Everything came, nothing is sealed. Windows are of three minutes, and sealed in pieces of twenty traces."""
    return played(corpus(7, count), Settings(seal_window_s=180, seal_piece_traces=20))


@cache
def half_sealed(count: int = FEW) -> State:
    state = forked(unsealed(count))
    state.deployment.seal_some(0.5)
    return state


@cache
def sealed(count: int = FEW) -> State:
    state = forked(half_sealed(count))
    state.deployment.settle()
    return state


@cache
def with_late_spans(count: int = FEW) -> State:
    """Sealed, but that more came: of the same traces, of others, and some of it again."""
    deployment, truth, sent = forked(sealed(count))
    truth = truth.fork()
    deployment.play(sent.late)
    for post in sent.late:
        truth.tell(post)
    return State(deployment, truth, sent)


@cache
def sealed_again(count: int = FEW) -> State:
    state = forked(with_late_spans(count))
    state.deployment.settle()
    return state


@cache
def rebuilt(count: int = FEW) -> State:
    state = forked(sealed_again(count))
    state.deployment.rebuild()
    return state


def played(sent: Corpus, settings: Settings) -> State:
    deployment, truth = Deployment(1, settings), Truth()
    deployment.play(sent.posts)
    for post in sent.posts:
        truth.tell(post)
    return State(deployment, truth, sent)


def forked(state: State) -> State:
    return state._replace(deployment=state.deployment.fork())


STATES = {
    "before anything is sealed": unsealed,
    "with every other window sealed": half_sealed,
    "after sealing": sealed,
    "with late spans": with_late_spans,
    "sealed again": sealed_again,
    "rebuilt": rebuilt,
}
