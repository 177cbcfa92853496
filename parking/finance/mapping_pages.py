"""How the files of an account are read: look at it, try it on a file, let it hold, see what held before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance import mapping_words
from parking.finance.mapping_form import (
    DEFAULTS,
    choices_of,
    fields_of,
    groups_of,
    mapping_of,
    placeholders,
)
from parking.finance.mapping_trial import READ, Trial, try_out
from parking.finance.uploads import LARGEST_FILE, kinds_of_files
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.reports.upload_words import KINDS
from parking.web.actors import names_of
from parking.web.language import reader_language
from payments.accounts import account_by_slug
from payments.errors import Complaint, NotFound
from payments.models import MerchantAccount
from reconciliation.statements.samples import SAMPLES, shipped
from reconciliation.statements.vocabulary import BANK, SETTLEMENT
from reconciliation.uploads.mappings import current, history, version_of, write
from reconciliation.uploads.reading import collects_into

#: A sample of so many bytes travels with the form, so that a change can be tried without choosing it
#: again.
KEPT = 128 * 1024


def add(pages: Blueprint, house: House) -> None:
    """Put the page of an account's mappings into `pages`."""

    @pages.url_value_preprocessor
    def allow_a_sample(endpoint: str | None, _values: object) -> None:
        if endpoint == "finance.change_mapping":
            request.max_content_length, request.max_form_memory_size = LARGEST_FILE, 2 * KEPT

    @pages.get("/mappings/<slug>")
    def mapping(slug: str) -> ResponseReturnValue:
        return _page(house, slug)

    @pages.post("/mappings/<slug>")
    def change_mapping(slug: str) -> ResponseReturnValue:
        return _try(house, slug) if "try" in request.form else _write(house, slug)


def _account(tx: Session, slug: str) -> MerchantAccount:
    account = account_by_slug(tx, slug)
    if the_badge().operator not in (None, account.operator) or not kinds_of_files(account):
        raise NotFound("There is no merchant account %(slug)s.", slug=slug)
    return account


def _page(
    house: House,
    slug: str,
    said: Mapping[str, object] | None = None,
    trial: Trial | None = None,
    sample: bytes = b"",
    problem: Complaint | None = None,
) -> ResponseReturnValue:
    with house.databases.read() as tx:
        account = _account(tx, slug)
        means = _means(account)
        shown = said if said is not None else _shown(tx, account, means)
        versions = history(tx, account)
        names = names_of(tx, {version.by for version in versions})
    found = trial.problem if trial and trial.problem else None
    page = render_template(
        "finance/mapping.html",
        account=account, means=means, fields=fields_of(shown), usual=placeholders(means),
        choices=choices_of(means), defaults=DEFAULTS, groups=groups_of(means), words=mapping_words,
        versions=versions, names=names, samples=SAMPLES, kinds=kinds_of_files(account), trial=trial, read=READ,
        refused=explain(found, reader_language()) if found else "",
        line_kinds=KINDS,
        of_payouts=means == BANK and not collects_into(account),
        kept=base64.b64encode(sample).decode() if len(sample) <= KEPT else "",
        problem=explain(problem, reader_language()) if problem else "",
    )  # fmt: skip
    return page, problem.http_status if problem else 200


def _means(account: MerchantAccount) -> str:
    kinds = kinds_of_files(account)
    asked = request.values.get("means", kinds[0])
    return asked if asked in kinds else kinds[0]


def _shown(tx: Session, account: MerchantAccount, means: str) -> Mapping[str, object]:
    """What the form begins with: a sample or a version that was asked for, else what holds."""
    sample, version = request.args.get("sample"), request.args.get("version", type=int)
    if sample in SAMPLES and means == SETTLEMENT:
        return shipped(sample)
    found = version_of(tx, account, version) if version else current(tx, account, means)
    return found.mapping if found and found.means == means else {"means": means}


def _try(house: House, slug: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        account = _account(tx, slug)
    said = mapping_of(request.form, _means(account))
    name, raw = _sample()
    trial = try_out(account, said, name, raw, house.clock()) if raw else None
    return _page(house, slug, said, trial, raw)


def _sample() -> tuple[str, bytes]:
    """The file that was chosen now, or the one that was tried before."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.filename[-100:], file.stream.read()
    try:
        kept = base64.b64decode(request.form.get("kept", ""), validate=True)
    except binascii.Error:
        return "", b""
    return request.form.get("kept_name", "")[-100:], kept


def _write(house: House, slug: str) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        account = _account(tx, slug)
    said, note = mapping_of(request.form, _means(account)), request.form.get("note", "").strip()
    try:
        written = write(
            house.databases.write, account, said, note[:200], badge.actor, house.clock()
        )
    except Complaint as problem:
        return _page(house, slug, said, problem=problem)
    return redirect(
        url_for("finance.mapping", slug=slug, means=written.means, written=written.version), 303
    )
