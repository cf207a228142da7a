"""Spans and header injection for the usual HTTP clients, one module each; what they share is in .exchange and .urls."""
