"""The server inside of tests: `MockServer`, and the pytest plugin."""
