"""How a table stands under the permission filter: where its remit, its document and its state are found.

A model that people read carries ``governed = Governed(...)``; ``permissions.policy`` reads nothing else of it.
Paths are Django look-ups from the model; an empty path means the row itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Governed:
    """Look-ups of one governed model.

    ``remit`` leads to the remit ("" when the row is one), ``subject`` to the public id of the document, ``published``
    to a column that is empty while the row is a draft, ``version`` to the public id of the exact revision (None when
    the row is not one), ``owner_*`` to the document's owner. ``bundle`` leads to the public id of a thing that is
    decided as a whole and that this row is a part of: whom that waits for may read it. None where the model has no such
    thing; a model without ``published`` is never published, one without ``classification`` knows no restriction.
    """

    remit: str
    subject: str | None = None
    classification: str | None = None
    published: str | None = None
    document_published: str | None = None
    version: str | None = None
    draft_version: str | None = None
    bundle: str | None = None
    owner_person: str | None = None
    owner_deputy: str | None = None
    owner_role: str | None = None

    @property
    def is_remit(self) -> bool:
        """Whether the rows are remits themselves, which have no text of their own."""
        return self.subject is None

    def remit_field(self, name: str) -> str:
        """Return the look-up of a field of the remit, for example ``unit_id``."""
        return f"{self.remit}__{name}" if self.remit else name

    @classmethod
    def below_document(cls, document: str, *, published: str, version: str, bundle: str | None = None) -> "Governed":
        """Return the look-ups of rows that belong to a revision of the document at ``document``."""
        return cls(
            remit=f"{document}__remit",
            subject=f"{document}__public_id",
            classification=f"{document}__classification",
            published=published,
            document_published=f"{document}__first_published_at",
            version=version,
            bundle=bundle,
            owner_person=f"{document}__owner_person",
            owner_deputy=f"{document}__owner_deputy",
            owner_role=f"{document}__owner_role",
        )
