"""What many spans add up to: RED by operation, the service graph, and which attributes there are. Pure.

    contributions.contribution(trace)   what one state of a trace adds to each hour that it has spans in
    rollup.Rollup                       sums of such contributions for one hour: add, difference, coarsen, Sums
    packing.pack / unpack               a Rollup as deterministic bytes
    pieces                              how a window's traces are shared out, and which pieces to read
    red, graph, attributes              answers read from Rollups, as the structs of model/rollups.py

A seal adds f(state now) - f(state before) for each of its traces, so sums over all windows telescope to f(whole
trace) whatever came late, was repeated or crashed. Hence everything here is integers that cancel.
"""
