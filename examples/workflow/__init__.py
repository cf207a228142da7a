"""An order on its way through six functions, traced; README.md is where to begin."""
