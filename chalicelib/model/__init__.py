"""The vocabulary of every other package: spans, ids, blocks, errors. Imports msgspec and the standard library."""
