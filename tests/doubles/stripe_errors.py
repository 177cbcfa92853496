"""Stripe's refusals: `{"error": {type, code, message, param, …}}` with the statuses it uses."""

from __future__ import annotations

from tests.doubles.stripe_objects import Json


class Refused(Exception):
    """Becomes the answer; no idempotency key remembers it, nothing was done (section 6.4)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        error: Json = {"message": message, "type": kind}
        if code:
            error |= {
                "code": code,
                "doc_url": f"https://stripe.com/docs/error-codes/{dashed(code)}",
            }
        if param:
            error["param"] = param
        self.body: Json = {"error": error}


def dashed(code: str) -> str:
    return code.replace("_", "-")


def missing(kind: str, own_id: str, param: str = "id", status: int = 404) -> Refused:
    return Refused(
        f"No such {kind}: '{own_id}'", status=status, code="resource_missing", param=param
    )


def required(param: str) -> Refused:
    return Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param: str, why: str) -> Refused:
    return Refused(f"Invalid {param}: {why}", param=param)


def unknown(param: str) -> Refused:
    return Refused(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def bad_key(key: str) -> Refused:
    shown = f"{key[:8]}{'*' * max(len(key) - 12, 0)}{key[-4:]}"
    return Refused(f"Invalid API Key provided: {shown}", status=401)


def no_key() -> Refused:
    return Refused(
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth.",
        status=401,
    )


def other_parameters(key: str) -> Refused:
    return Refused(
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
        kind="idempotency_error",
    )


def in_flight(key: str) -> Refused:
    return Refused(
        "There is currently another in-progress request using this Idempotent Key: "
        f"{key}. Please try again later.",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
    )
