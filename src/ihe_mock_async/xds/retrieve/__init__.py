"""Documents by uniqueId: requests, rules and answers of ITI-43 and ITI-39; ITI-86 asks alike."""
