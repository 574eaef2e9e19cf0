"""Search and what is suggested while somebody types."""

from typing import Any

from rest_framework import serializers

from governance.api.operations import lists, shows
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from knowledge.api.documents import DocumentSerializer
from knowledge.forms.library import SearchFilters, SuggestionFilters, narrowing_of
from knowledge.selectors import library as selectors


class HitSerializer(serializers.Serializer[Any]):
    """A document that was found, and where. ``snippet`` is safe HTML with the found words in ``mark``."""

    document = DocumentSerializer(read_only=True)
    url = serializers.CharField(read_only=True)
    snippet = serializers.CharField(read_only=True)
    clause = serializers.CharField(read_only=True, help_text="Number of the clause that holds most of the words.")
    anchor = serializers.CharField(read_only=True)
    from_draft = serializers.BooleanField(read_only=True, help_text="Found only by the words of its draft.")


class SearchResultSerializer(serializers.Serializer[Any]):
    """A page of hits, best first. ``more`` says that there are more than ``total``, which were ranked."""

    results = HitSerializer(many=True, read_only=True)
    total = serializers.IntegerField(read_only=True)
    more = serializers.BooleanField(read_only=True)
    page = serializers.IntegerField(source="number", read_only=True)
    pages = serializers.IntegerField(read_only=True)


class SuggestionSerializer(serializers.Serializer[Any]):
    """A document that somebody may mean."""

    number = serializers.CharField(source="document.number", read_only=True)
    title = serializers.CharField(source="document.title", read_only=True)
    status = serializers.CharField(source="standing.status.value", read_only=True)
    url = serializers.CharField(read_only=True)


class Search(ApiView):
    """Search among what the person may see."""

    @shows("search", SearchResultSerializer, filters=SearchFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Find documents by words in their number, title, tags and text, best first. Drafts only for who reads them."""
        page = selectors.library(request.user, narrowing_of(self.filters))
        rows = []
        for row in page.rows:
            found: Any = row.document
            found.standing = row.standing
            rows.append(row)
        return self.thing(
            {"results": rows, "total": page.total, "more": page.more, "number": page.number, "pages": page.pages}
        )


class Suggestions(ApiView):
    """What somebody may mean who has typed so far."""

    @lists("suggestion_list", SuggestionSerializer, filters=SuggestionFilters, whole=True)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the few documents whose number, title or tag begins with what was typed."""
        return self.several(selectors.suggestions(request.user, self.filters["q"]))
