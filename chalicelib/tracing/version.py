"""The version of the library, which infra/library.py writes on the wheel."""

VERSION = "0.1.0"
