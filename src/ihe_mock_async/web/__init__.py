"""HTTP in front of the transactions: the pipeline, the SOAP endpoints, health, the Quart app."""
