"""The sandbox provider: a payment company that holds no real money.

It is an outside party. It runs as its own process with its own database, speaks to merchants over
HTTP only, and knows nothing of the service it pays: no import from `payments.service`,
`payments.models` or `payments.web`. `app` builds the web application, `serve` the process, and
`client` is what a test or a simulated city day drives it with.
"""
