"""Companion services: other HTTP services that are declared in YAML, not coded.

`loading.load` reads declarations, `Companion.choose` finds the mapping of a request, and
`attempt.begin` carries it out on the `ServiceState` of a world.
"""
