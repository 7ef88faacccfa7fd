"""`validate`: messages from files through the real pipeline, without server and without state.

There is no second implementation of the rules: a message becomes an HTTP request to an endpoint
with an empty affinity domain, which accepts whatever can be acted on, so that the rules of all
layers get to see it. Then its findings are judged by the validation mode that was asked for.

Nothing is imported here: a client reads message files, and has no use for the pipeline.
"""
