"""What the reasons for differences, the accounts of the ledger, and the rules of matches are called in
front of people."""

from __future__ import annotations

from parking.languages import explain, mark, translate
from qr.errors import Explained

#: Code of a reason (`reconciliation.resolving.reasons.REASONS`) → its name.
REASON_NAMES = {
    "provider_corrects": mark("The provider corrects it later"),
    "corrects_earlier": mark("Corrects an earlier difference"),
    "another_day": mark("Belongs to another difference of this account"),
    "another_account": mark("Belongs to another account"),
    "seen_at_bank": mark("Reached the bank all the same"),
    "fee_accepted": mark("The fee is right as charged"),
    "fee_claimed": mark("Wrong fee, settled by the provider later"),
    "provider_charge": mark("A charge that the provider or the bank kept"),
    "rounding": mark("Rounding"),
    "settled_in_currency": mark("Settled in another currency"),
    "recorded_twice": mark("Recorded twice by us"),
    "to_return": mark("Not ours, set apart until it goes back"),
    "returned": mark("Goes back, was set apart before"),
    "chargeback_lost": mark("The dispute is lost"),
    "written_off": mark("Written off"),
    "kept": mark("Kept as other income"),
    "test_payment": mark("A test payment"),
    "short_written_off": mark("Shortage written off"),
    "charged_attendant": mark("The attendant makes it good"),
    "over_kept": mark("Surplus kept"),
    "attendants_own": mark("The attendant's own money, handed back"),
    "other": mark("Another reason, in words"),
}

#: Account of the ledger, or what it begins with, → its name. `%(name)s` is what follows the colon.
ACCOUNT_NAMES = {
    "adjustments": mark("adjustments"),
    "fees": mark("fees"),
    "over_short": mark("cash over and short"),
    "suspense": mark("suspense"),
    "bank": mark("bank"),
    "collected": mark("parking fees collected"),
    "refunds": mark("refunds to be paid"),
    "clearing": mark("owed by provider %(name)s"),
    "cash": mark("till of %(name)s"),
    "fx": mark("exchange %(name)s"),
}

#: Rule of a match (`reconciliation.matching`), or what it begins with, → what it went by. `%(name)s` is
#: what follows the tilde.
RULE_NAMES = {
    "rail_reference": mark("the provider's reference"),
    "rail_reference~": mark("the provider's reference, amounts up to %(name)s apart"),
    "order_code": mark("our payment code"),
    "batch": mark("the payout's reference"),
    "by_hand": mark("a person's decision"),
}

#: Act on a difference (`reconciliation.resolving.models.Act`) → the sentence of its timeline.
ACT_SENTENCES = {
    "assign": mark("Given to %(owner)s"),
    "release": mark("Put back, nobody has it"),
    "comment": mark("Comment"),
    "propose": mark("Proposed: %(reason)s (%(amount)s)"),
    "resolve": mark("Resolved: %(reason)s (%(amount)s)"),
    "approve": mark("Approved and resolved: %(reason)s (%(amount)s)"),
    "refuse": mark("Sent back: %(reason)s (%(amount)s)"),
    "propose_undo": mark("Proposed to take back: %(reason)s (%(amount)s)"),
    "undo": mark("Taken back: %(reason)s (%(amount)s)"),
    "approve_undo": mark("Approved and taken back: %(reason)s (%(amount)s)"),
}


def explain_choice(error: Explained, language: str) -> str:
    """What was wrong with an act on a difference, with a reason by its name instead of its code."""
    named = REASON_NAMES.get(str(error.parts.get("reason", "")))
    if named is None:
        return explain(error, language)
    return translate(
        error.message, language, **{**error.parts, "reason": translate(named, language)}
    )


def account_called(account: str) -> Explained:
    """An account of the ledger in words, for whatever language."""
    kind, _, name = account.partition(":")
    return Explained(ACCOUNT_NAMES.get(kind, kind), **({"name": name} if name else {}))


def rule_called(rule: str) -> Explained:
    """What a match went by, for whatever language."""
    kind, tilde, name = rule.partition("~")
    return Explained(RULE_NAMES.get(kind + tilde, rule), **({"name": name} if name else {}))
