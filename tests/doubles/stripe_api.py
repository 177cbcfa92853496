"""The part of Stripe's HTTP API that reads, creates, expires and refunds (sections 6.2, 6.4, 6.6)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Unpack

from werkzeug.wrappers import Request, Response

from tests.doubles import stripe_balance as balance
from tests.doubles import stripe_checkout as checkout
from tests.doubles.base import Answer, Handler, Options, json_response
from tests.doubles.page import HostedDouble
from tests.doubles.stripe_errors import Refused, bad_key, no_key, required, unknown
from tests.doubles.stripe_forms import parsed
from tests.doubles.stripe_keys import Keys
from tests.doubles.stripe_objects import API_VERSION, Ids, Json, Terms
from tests.doubles.stripe_store import Store, expanded, matches, page

Work = Callable[..., Json]

#: Path of a collection → kind of object and the filters its list takes.
COLLECTIONS = {
    "checkout/sessions": ("checkout.session", ("payment_intent", "status", "created")),
    "payment_intents": ("payment_intent", ("created",)),
    "charges": ("charge", ("payment_intent", "created")),
    "refunds": ("refund", ("charge", "payment_intent", "created")),
    "disputes": ("dispute", ("charge", "payment_intent", "created")),
    "events": ("event", ("type", "types", "created")),
    "balance_transactions": (
        "balance_transaction",
        ("payout", "type", "source", "currency", "created"),
    ),
    "payouts": ("payout", ("status", "arrival_date", "created")),
}
PAGING = ("limit", "starting_after", "ending_before", "expand")


class StripeApi(HostedDouble):
    """What a merchant's server may ask; `StripeDouble` adds payers, banks and webhooks."""

    #: The facts say "up to 3 days with back-off"; the steps in between are ours.
    retry_waits = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 1000, 1000, 1000))

    def __init__(
        self,
        api_key: str,
        *,
        terms: Terms,
        seed: int | None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(**options)
        self.api_key = api_key
        self.keys = Keys()
        #: What the next refunds become: "succeeded" at once, or "pending" until `finish_refund`.
        self.refunds_become = "succeeded"
        #: Stripe's time of an act that is told of later; None: now.
        self.moment: datetime | None = None
        self.store = Store(terms, self._seconds, self.tell, Ids(seed))
        #: Session → payment_intent_data, until the intent is made.
        self.intent_data: dict[str, Json] = {}
        #: Balance transaction → payout.
        self.paid_out: dict[str, str] = {}

    def _seconds(self) -> int:
        return int((self.moment or self.now).timestamp())

    @abstractmethod
    def tell(self, event: Json) -> None:
        """A new event, to be sent to whoever listens."""

    def routes(self) -> dict[str, Handler]:
        api: dict[str, Work] = {
            "POST /v1/checkout/sessions": self._create_session,
            "POST /v1/checkout/sessions/<own_id>/expire": self._expire_session,
            "POST /v1/refunds": self._create_refund,
        }
        for path in COLLECTIONS:
            api[f"GET /v1/{path}"] = self._lister(path)
            api[f"GET /v1/{path}/<own_id>"] = self._getter(path)
        return {
            **{name: self._guarded(work) for name, work in api.items()},
            **self.hosted_routes(),
        }

    def _guarded(self, work: Work) -> Handler:
        def answer(request: Request, **parts: str) -> Answer:
            try:
                self._authenticate(request)
                return self._once(request, lambda: work(request, **parts))
            except Refused as refused:
                return json_response(refused.body, refused.status)
            except ValueError as wrong:
                return json_response(Refused(f"Invalid integer: {wrong}").body, 400)

        return answer

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise no_key()
        if key != self.api_key:
            raise bad_key(key)
        version = request.headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise Refused(f"Invalid Stripe API version: {version}; this double is {API_VERSION}.")

    def _once(self, request: Request, work: Callable[[], Json]) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        self.store.request = {"id": self.store.ids("req", 14), "idempotency_key": key or None}
        headers = {"Request-Id": self.store.request["id"], "Stripe-Version": API_VERSION}
        try:
            if request.method == "POST" and key:
                asked = (request.path, request.get_data())
                seconds = self.store.seconds()
                found, again = self.keys.once(key, asked, seconds, work)
                headers |= {"Idempotency-Key": key}
                headers |= {"Idempotent-Replayed": "true"} if again else {}
            else:
                found = work()
        finally:
            self.store.request = {"id": None, "idempotency_key": None}
        answer = json_response(found)
        answer.headers.extend(headers)
        return answer

    def _getter(self, path: str) -> Work:
        def get(request: Request, own_id: str) -> Json:
            self.ripen()
            params = parsed(request.query_string.decode())
            found = self.store.get(COLLECTIONS[path][0], own_id)
            return expanded(self.store, found, params.get("expand", []))

        return get

    def _lister(self, path: str) -> Work:
        kind, filters = COLLECTIONS[path]

        def find(request: Request) -> Json:
            self.ripen()
            params = parsed(request.query_string.decode())
            for name in params:
                if name not in (*filters, *PAGING):
                    raise unknown(name)
            wanted = {name: params[name] for name in filters if name in params}
            found = page(self._found(kind, wanted), params, f"/v1/{path}", kind)
            return expanded(self.store, found, params.get("expand", []))

        return find

    def _found(self, kind: str, wanted: Json) -> list[Json]:
        payout = wanted.pop("payout", None)
        if "types" in wanted:
            wanted["type"] = wanted.pop("types")
        return [
            thing
            for thing in self.store.all(kind)
            if matches(thing, wanted) and payout in (None, self.paid_out.get(thing["id"]))
        ]

    def _create_session(self, request: Request) -> Json:
        params = parsed(request.get_data(as_text=True))
        made = checkout.create(self.store, params, self.intent_data)
        made["url"] = self.page_address(made["id"])
        return expanded(self.store, made, params.get("expand", []))

    def _expire_session(self, request: Request, own_id: str) -> Json:
        session = self.store.get("checkout.session", own_id, "session")
        checkout.expire(self.store, session)
        return expanded(self.store, session, [])

    def _create_refund(self, request: Request) -> Json:
        params = parsed(request.get_data(as_text=True))
        for name in params:
            if name not in ("charge", "payment_intent", "amount", "reason", "metadata", "expand"):
                raise unknown(name)
        if "charge" not in params and "payment_intent" not in params:
            raise required("payment_intent")
        made = balance.refund(self.store, self._charge_of(params), params, self.refunds_become)
        return expanded(self.store, made, params.get("expand", []))

    def _charge_of(self, params: Json) -> Json:
        if "charge" in params:
            return self.store.get("charge", params["charge"], "charge")
        own_id = params["payment_intent"]
        intent = self.store.get("payment_intent", own_id, "payment_intent")
        if intent["latest_charge"] is None:
            raise Refused(f"This PaymentIntent ({own_id}) does not have a successful charge.")
        return self.store.get("charge", intent["latest_charge"])

    def ripen(self) -> None:
        balance.ripen(self.store)
        now = self.store.seconds()
        for session in self.store.all("checkout.session"):
            if session["status"] == "open" and session["expires_at"] <= now:
                checkout.expire(self.store, session)
