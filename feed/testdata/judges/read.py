"""Reads feeds with feedparser. Takes file names on standard input, one a line;
writes one JSON object a line: {file, reader, item} or {file, reader, error}."""

import json
import sys

import feedparser


def moment(parsed):
    # strftime pads no year.
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % parsed[:6] if parsed else ""


def item(e):
    authors = e.get("authors") or []
    return {
        "id": e.get("id", ""),
        "title": e.get("title", ""),
        "link": e.get("link", ""),
        "published": moment(e.get("published_parsed")),
        # Asked for directly, for want of the one it gives the other date.
        "updated": moment(dict.get(e, "updated_parsed")),
        "authors": [
            {"name": a.get("name", ""), "email": a.get("email", ""), "url": a.get("href", "")}
            for a in authors
            if a
        ],
        "categories": [t.get("label") or t.get("term") for t in e.get("tags", [])],
        "content": e.content[0].value if e.get("content") else "",
        "enclosures": [
            {"url": x.get("href", ""), "type": x.get("type", ""), "length": int(x.get("length") or 0)}
            for x in e.get("enclosures", [])
        ],
    }


def read(file):
    with open(file, "rb") as f:
        # What a reader shows in the end is its own affair: read what is there.
        feed = feedparser.parse(f.read(), sanitize_html=False, resolve_relative_uris=False)
    if feed.bozo:
        return {"error": str(feed.bozo_exception)}
    return {"item": item(feed.entries[0])}


for line in sys.stdin:
    name = line.rstrip("\n")
    print(json.dumps({"file": name, "reader": "feedparser", **read(name)}))
