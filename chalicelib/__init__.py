"""Spanfold: spans are posted to Lambda, folded into blocks in DynamoDB, and assembled into traces when read."""

VERSION = "0.1.0"
