"""From a listening socket to the application: Hypercorn, TLS, the daemon and its log."""
