"""Where the Stripe double keeps its objects: by id, in the order of creation, with events."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

from tests.doubles.stripe_errors import Refused, missing
from tests.doubles.stripe_objects import Ids, Json, Terms, event, listing


class Store:
    """Objects and the events that tell of them; `announce` hears of each new event."""

    def __init__(
        self, terms: Terms, seconds: Callable[[], int], announce: Callable[[Json], None], ids: Ids
    ) -> None:
        self.terms = terms
        self.seconds = seconds
        self.ids = ids
        self.objects: dict[str, Json] = {}
        #: What the event of the present request says of who caused it.
        self.request: Json = {"id": None, "idempotency_key": None}
        self._announce = announce

    def add(self, thing: Json) -> Json:
        self.objects[thing["id"]] = thing
        return thing

    def get(self, kind: str, own_id: str, param: str = "id") -> Json:
        found = self.objects.get(own_id)
        if found is None or found["object"] != kind:
            raise missing(kind, own_id, param)
        return found

    def all(self, kind: str) -> list[Json]:
        """Newest first, as Stripe lists."""
        return [thing for thing in reversed(self.objects.values()) if thing["object"] == kind]

    def emit(self, kind: str, thing: Json) -> Json:
        """An event with the object as it is now; later changes do not reach it."""
        own = self.ids("evt")
        told = event(own, self.seconds(), kind, copy.deepcopy(thing), dict(self.request))
        self.add(told)
        self._announce(told)
        return told


def expanded(store: Store, thing: Json, paths: Iterable[str]) -> Json:
    """A copy with the ids at the dotted paths replaced by the objects they name."""
    shown = copy.deepcopy(thing)
    for path in paths:
        expand(store, shown, path.split("."), path)
    return shown


def expand(store: Store, spot: Json, way: list[str], path: str) -> None:
    name, *rest = way
    if name not in spot:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(spot[name], str) and spot[name] in store.objects:
        spot[name] = copy.deepcopy(store.objects[spot[name]])
    inner = spot[name] if isinstance(spot[name], list) else [spot[name]]
    for each in inner:
        if rest and isinstance(each, dict):
            expand(store, each, rest, path)


def matches(thing: Json, filters: Json) -> bool:
    """Equal fields, a list of wanted values, or a range such as `created[gte]`."""
    return all(fits(thing.get(name), wanted) for name, wanted in filters.items())


def fits(value: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
        return all(tests[how](int(str(value)), int(limit)) for how, limit in wanted.items())
    return str(value) in wanted if isinstance(wanted, list) else str(value) == str(wanted)


def page(found: list[Json], params: Json, url: str, kind: str) -> Json:
    """`limit` of 1-100 (10 unless told), after `starting_after` or before `ending_before`."""
    limit = int(params.get("limit", 10))
    if not 1 <= limit <= 100:
        raise Refused("Invalid integer: limit must be between 1 and 100", param="limit")
    ids = [thing["id"] for thing in found]
    for cursor in ("starting_after", "ending_before"):
        if cursor in params and params[cursor] not in ids:
            raise missing(kind, params[cursor], cursor, 400)
    if "ending_before" in params:
        end = ids.index(params["ending_before"])
        begin = max(end - limit, 0)
        return listing(found[begin:end], url, begin > 0)
    begin = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    return listing(found[begin : begin + limit], url, begin + limit < len(found))
