"""Bytes on one side, the model on the other; one package per dialect. No clock, no chance, no network, no Chalice."""
