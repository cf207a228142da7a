"""Tail sampling: which traces to keep once they are there as a whole. Pure; views/consolidation.py acts on it.

policies.py reads the document, rules.py says what can be in it, conditions.py judges one trace, budgets.py shares a
rate among many, decide.py puts their answers together, thresholds.py speaks of likelihoods and tracestates.
"""
