"""XDS metadata: ebRIM, its rules, its registration and its answers (ITI TF-3: 4.2)."""
