"""AWS through botocore's event hooks: .hooks listens, .calls makes the span, one module per service knows the rest."""
