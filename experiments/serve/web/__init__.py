"""The service over HTTP, and its page; needs the `serve` extra.

`application.build` makes the ASGI application, `server.run` serves it.
"""
