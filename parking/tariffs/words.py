"""A tariff in words, for the page of a lot: what is charged, when, and how sure we are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parking.languages import DEFAULT, mark, translate
from parking.tariffs.lines import CAPPED, say_length
from parking.tariffs.model import (
    REGULAR,
    Band,
    Origin,
    Step,
    TariffVersion,
    VehicleTariff,
    pick,
)
from parking.tariffs.plans import clock
from parking.tariffs.reading import ORDINARY
from payments.money import format_amount

DAY_TYPES = {
    "weekday": mark("Monday to Friday"),
    "weekend": mark("Saturday and Sunday"),
    "holiday": mark("Public holidays"),
    "tet": mark("Tết"),
}
ROUNDING = {
    "up": mark("Each started block counts in full"),
    "down": mark("Only full blocks count"),
    "nearest": mark("Half a block or more counts as a full one"),
}
CROSSING = {
    "ladder": {
        "block": mark("Each block costs what applies when it begins"),
        "entry": mark("The price at entry applies to the whole stay"),
        "split": mark("Counting begins anew when the price changes"),
    },
    "turn": {
        "entry": mark("The price at entry applies to the whole turn"),
        "both": mark("A stay across several times of day pays each of them"),
        "dearest": mark("A stay across several times of day pays the dearest of them"),
        "combined": mark("A stay across several times of day costs %(amount)s"),
        "split": mark("Each time of day is paid anew"),
    },
}
STRADDLED = mark(
    "You pay the price at entry; more than %(length)s in another time of day adds its price, "
    "once per turn"
)
TOLERATED = mark("Up to %(length)s into another time of day costs nothing more")
RESTARTS = {
    "24h": (mark("Counting begins anew every 24 hours"), mark("A turn is paid again every 24 hours")),
    "calendar_day": (mark("Counting begins anew at midnight"), mark("A turn is paid again after midnight")),
}  # fmt: skip


def words(version: TariffVersion, vehicle_class: str, language: str = DEFAULT) -> list[str]:
    """The tariff of `vehicle_class` in sentences, the prices first.

    Raises `NotFound` for a class without price.
    """
    vehicle = version.vehicle(vehicle_class)
    speaker = _Speaker(version.currency, language)
    return [
        *speaker.prices(vehicle),
        *speaker.rules(vehicle),
        *speaker.limits(vehicle),
        *speaker.passes(vehicle),
        *speaker.settings(version, vehicle),
    ]


@dataclass(frozen=True, slots=True)
class _Speaker:
    currency: str
    language: str

    def say(self, sentence: str, **parts: object) -> str:
        return translate(sentence, self.language, **parts)

    def money(self, amount: int) -> str:
        return format_amount(amount, self.currency, self.language)

    def length(self, minutes: int) -> str:
        return say_length(minutes, self.language)

    def prices(self, vehicle: VehicleTariff) -> Iterator[str]:
        for band in vehicle.bands:
            when = self._when(vehicle, band)
            for line in self._band(band):
                yield f"{when}: {line}" if when else line

    def _when(self, vehicle: VehicleTariff, band: Band) -> str:
        if len(vehicle.bands) == 1:
            return ""
        name = pick(band.name, self.language)
        hours = f"{name[:1].upper()}{name[1:]} ({clock(band.start)}–{clock(band.end)})"
        if band.days == ORDINARY and len(vehicle.plans) == len(ORDINARY):
            return hours
        days = (self.say(DAY_TYPES.get(day, day)) for day in band.days)
        return f"{', '.join(days)}, {hours}"

    def _band(self, band: Band) -> Iterator[str]:
        if band.kind == "turn":
            line = self.say(mark("%(amount)s per turn"), amount=self.money(band.turn))
            yield self._sure(line, band.origin)
        elif band.kind == "free":
            yield self.say(mark("free of charge"))
        elif band.kind == "closed":
            yield self.say(mark("the lot is closed"))
        for step in band.ladder.steps:
            line = self._bracket(step) if step.reach is not None else self._step(step)
            if step.cap is not None:
                line += f" ({self.say(mark('at most %(amount)s'), amount=self.money(step.cap))})"
            yield self._sure(line, step.origin)

    def _sure(self, line: str, origin: Origin) -> str:
        if origin.status != "assumed":
            return line
        return self.say(mark("%(price)s (no official price found)"), price=line)

    def _bracket(self, step: Step) -> str:
        amount = self.money(step.reach or 0)
        if step.end is not None:
            return self.say(
                mark("up to %(length)s: %(amount)s"), length=self.length(step.end), amount=amount
            )
        if step.start:
            length = self.length(step.start)
            return self.say(mark("more than %(length)s: %(amount)s"), length=length, amount=amount)
        return self.say(mark("%(amount)s per turn"), amount=amount)

    def _step(self, step: Step) -> str:
        amount = self.money(step.price)
        if step.minutes == 60 and step.start % 60 == 0:
            return self._hours(step, amount)
        each = self.length(step.minutes or 0)
        if step.blocks == 1 and not step.start:
            return self.say(mark("first %(length)s: %(amount)s"), length=each, amount=amount)
        parts: dict[str, object] = {"amount": amount, "each": each}
        if step.start:
            after = self.length(step.start)
            return self.say(mark("after %(after)s: %(amount)s per %(each)s"), after=after, **parts)
        return self.say(mark("%(amount)s per %(each)s"), **parts)

    def _hours(self, step: Step, amount: str) -> str:
        first = step.start // 60 + 1
        if step.end is None and first == 1:
            return self.say(mark("%(amount)s per hour"), amount=amount)
        if step.end is None:
            return self.say(
                mark("From hour %(first)s: %(amount)s per hour"), first=first, amount=amount
            )
        last = step.end // 60
        if first == last:
            return self.say(mark("Hour %(first)s: %(amount)s"), first=first, amount=amount)
        return self.say(
            mark("Hours %(first)s–%(last)s: %(amount)s per hour"),
            first=first, last=last, amount=amount,
        )  # fmt: skip

    def rules(self, vehicle: VehicleTariff) -> Iterator[str]:
        kinds = {band.kind for band in vehicle.bands}
        ladder, turn = "ladder" in kinds, "turn" in kinds
        blocks = {s.minutes for b in vehicle.bands for s in b.ladder.steps if s.reach is None}
        if blocks == {60} and vehicle.rounding == "up":
            yield self.say(mark("Each started hour counts in full"))
        elif blocks:
            yield self.say(ROUNDING[vehicle.rounding])
        if len(vehicle.bands) > 1 and (ladder or turn):
            yield from self._crossing(vehicle, "ladder" if ladder else "turn")
        if vehicle.restarts != "never" and (ladder or turn):
            yield self.say(RESTARTS[vehicle.restarts][0 if ladder else 1])

    def _crossing(self, vehicle: VehicleTariff, kind: str) -> Iterator[str]:
        straddle = vehicle.straddle_minutes
        if straddle and vehicle.crossing == "entry":
            yield self.say(STRADDLED, length=self.length(straddle))
            return
        yield self.say(CROSSING[kind][vehicle.crossing], amount=self.money(vehicle.combined))
        if straddle:
            yield self.say(TOLERATED, length=self.length(straddle))

    def limits(self, vehicle: VehicleTariff) -> Iterator[str]:
        if vehicle.free_minutes:
            rule = (
                mark("The first %(length)s are free")
                if vehicle.free_deducted
                else mark("Stays of up to %(length)s are free; longer ones pay from entry")
            )
            yield self.say(rule, length=self.length(vehicle.free_minutes))
        if vehicle.minimum:
            yield self.say(mark("Minimum charge %(limit)s"), limit=self.money(vehicle.minimum))
        caps = vehicle.caps
        if caps.night:
            yield self.say(
                mark("Not more than %(limit)s per night (%(from)s–%(to)s)"),
                limit=self.money(caps.night.amount),
                **{"from": clock(caps.night.start), "to": clock(caps.night.end)},
            )
        for name, limit in (
            ("calendar_day", caps.calendar_day),
            ("rolling_24h", caps.rolling_24h),
            ("rolling_week", caps.rolling_week),
            ("stay", caps.stay),
        ):
            if limit is not None:
                yield self.say(CAPPED[name], limit=self.money(limit))

    def passes(self, vehicle: VehicleTariff) -> Iterator[str]:
        """What a month costs; what only some may buy is told to them at the counter."""
        start, end = map(clock, vehicle.pass_day)
        for offer in vehicle.monthly:
            if offer.holder != REGULAR:
                continue
            rule = mark("Monthly pass, 24 hours: %(amount)s")
            if offer.hours == "day":
                rule = mark("Monthly pass, %(from)s–%(to)s: %(amount)s")
            hours = {"from": start, "to": end}
            line = self.say(rule, amount=self.money(offer.price), **hours)
            yield self._sure(line, offer.origin)

    def settings(self, version: TariffVersion, vehicle: VehicleTariff) -> Iterator[str]:
        if version.exit_grace_minutes:
            yield self.say(
                mark("After paying you have %(length)s to leave"),
                length=self.length(version.exit_grace_minutes),
            )
        if vehicle.lost_card_fee:
            yield self.say(mark("Lost card: %(amount)s"), amount=self.money(vehicle.lost_card_fee))
        if any(origin.status != "signed" for origin in vehicle.origins()):
            yield self.say(mark("These prices are not yet confirmed by the city"))
