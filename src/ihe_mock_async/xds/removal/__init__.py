"""What ITI-62 removes from the registry, and what must stay whole."""
