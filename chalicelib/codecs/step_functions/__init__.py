"""AWS Step Functions: what an execution's history or its log events tell, as spans."""
