"""What clients sent and what they were answered: the evidence of every exchange."""
