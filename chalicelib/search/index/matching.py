"""Conditions to bitmaps."""

from collections.abc import Callable

CompileRegex = Callable[[str], Callable[[str], bool]]


def remembering(compile_regex: CompileRegex) -> CompileRegex:
    """`compile_regex`, with what it made of each pattern and what that said of each text remembered.

    The same few texts are in every index of an hour; make one of these for each query.
    """
    raise NotImplementedError
