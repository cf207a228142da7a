"""TraceQL: from text to what the views are asked, and to which spans of a trace are meant.

text --lexer, cursor, fields, calls, pipelines, parser--> syntax.Query --check--> sound
Query --render--> text          Query --plan--> conditions.TraceCondition, for the indexes
"""
