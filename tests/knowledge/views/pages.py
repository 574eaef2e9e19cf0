"""Opening pages as a person does, for tests."""

import html
import re
from typing import Any

from django.test import Client

from knowledge.models import Document
from knowledge.search.index import index_documents


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The page as text, without tags and entities."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def same_for_all(response: Any, reference: str) -> str:
    """An answer without what differs between any two requests: the form's token and the address that was asked."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(re.escape(reference), "REF", body, flags=re.IGNORECASE)


def found_by_search() -> None:
    """Search knows every document as it is now."""
    index_documents(Document.objects.all())


def hidden(client: Client, ref: str, *paths: str) -> None:
    """Every one of these addresses answers for ``ref`` as it does for a document that is not there."""
    for path in paths:
        told = client.get(path.format(ref=ref))
        absent = client.get(path.format(ref="STD-9999"))
        assert told.status_code == absent.status_code == 404, path
        assert same_for_all(told, ref) == same_for_all(absent, "STD-9999"), path
        assert told.headers.keys() == absent.headers.keys(), path
