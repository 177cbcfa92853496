"""Payment providers of other packages: found by their entry point, believed only when whole.

A package offers ``name = module:Class`` in the group `parking.payment_providers`; the class
implements `payments.provider.Provider` and calls itself by the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from payments.errors import WrongUsage
from payments.provider import Capabilities, Provider

GROUP = "parking.payment_providers"

#: What a provider class says of itself, and of which type; then what it does.
FACTS = {
    "name": str,
    "label": str,
    "settings": tuple,
    "secret_fields": tuple,
    "methods": Mapping,
    "hosts": Mapping,
    "capabilities": Capabilities,
}
ACTS = ("start", "parse_notice", "reply", "fetch", "refund", "statement")


class BadProvider(WrongUsage):
    """An installed package offers a provider that cannot be used; the text names both."""


def with_outside(own: Mapping[str, type[Provider]]) -> dict[str, type[Provider]]:
    """`own` providers and those of every installed package. Raises `BadProvider`."""
    return merged(own, entry_points(group=GROUP))


def merged(
    own: Mapping[str, type[Provider]], offered: Iterable[EntryPoint]
) -> dict[str, type[Provider]]:
    """`own` and what `offered` leads to. Raises `BadProvider` for a name that is taken, a class
    that cannot be loaded, and one that lacks a part of the interface."""
    found = dict(own)
    for entry in offered:
        if entry.name in found:
            raise BadProvider(
                "Package %(package)s offers a payment provider %(name)s, but there is one already: "
                "it must call itself otherwise.",
                package=_package(entry),
                name=entry.name,
            )
        found[entry.name] = _loaded(entry)
    return found


def _loaded(entry: EntryPoint) -> type[Provider]:
    try:
        made: type[Provider] = entry.load()
    except Exception as error:  # a foreign module may fail in any way while it is imported
        raise BadProvider(
            "The payment provider %(name)s of package %(package)s cannot be loaded: %(reason)s.",
            name=entry.name,
            package=_package(entry),
            reason=f"{type(error).__name__}: {error}",
        ) from error
    missing = [
        name for name, kind in FACTS.items() if not isinstance(getattr(made, name, None), kind)
    ]
    missing += [name for name in ACTS if not callable(getattr(made, name, None))]
    if missing:
        raise BadProvider(
            "The payment provider %(name)s of package %(package)s lacks: %(missing)s.",
            name=entry.name,
            package=_package(entry),
            missing=", ".join(missing),
        )
    if made.name != entry.name:
        raise BadProvider(
            "Package %(package)s offers a payment provider as %(name)s that calls itself %(own)s: "
            "both must be the same.",
            package=_package(entry),
            name=entry.name,
            own=made.name,
        )
    return made


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.module
