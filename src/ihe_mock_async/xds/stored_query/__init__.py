"""Registry Stored Query: request, parameters, queries and response (ITI TF-2: 3.18)."""
