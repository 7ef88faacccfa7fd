"""What ITI-57 and ITI-92 do to registered metadata: operations, their rules, and the plan."""
