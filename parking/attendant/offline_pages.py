"""What keeps the attendant's pages readable without a signal."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from parking.web.assets import FOLDER


def add(pages: Blueprint) -> None:
    """Put the service worker and the page it falls back on into `pages`."""

    @pages.get("/worker.js")
    def worker() -> Response:
        # not under /static/: what a worker may answer for is everything below its own address
        script = (FOLDER / "lane" / "worker.js").read_bytes()
        return Response(script, content_type="text/javascript; charset=utf-8")

    @pages.get("/offline")
    def offline() -> str:
        return render_template("attendant/offline.html")
