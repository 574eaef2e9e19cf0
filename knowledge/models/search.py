"""What search reads: the words of each document, apart from the documents themselves."""

from typing import ClassVar

from django.db import models

from knowledge.models.documents import Document


class SearchEntry(models.Model):
    """The words under which a document is found: one row for its published text, one for its draft.

    Two rows, so that words which stand only in a draft find it only for those who may read drafts. Derived from the
    document after each change (``knowledge.search.index``), rebuilt by ``manage.py rebuild_search``. The columns hold
    folded words, not text to show. The full-text index over them is the database's own (``knowledge.search.tables``).
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="search_entries")
    is_draft = models.BooleanField(default=False)
    number = models.TextField(blank=True)
    title = models.TextField(blank=True)
    names = models.TextField(blank=True, help_text="Other references and tags.")
    text = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "search entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "is_draft"], name="one_search_entry_of_each_kind")
        ]
