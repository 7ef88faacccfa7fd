"""A whole IHE affinity domain on localhost: the test server for HL7 V3 and XDS clients."""

__version__ = "0.1.0"
