"""Things to run against Spanfold."""
