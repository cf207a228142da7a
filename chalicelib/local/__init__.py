"""The whole backend on one machine: HTTP, API Gateway's part, our app, and an engine to keep blocks in."""
