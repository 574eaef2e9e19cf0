"""The events of documents, each with the words in which people read it."""

from governance.ledger.events import declare

# A document's life
DOCUMENT_CREATED = declare("document.created", "Document created", sentence="{actor} created {subject}").name
DOCUMENT_APPROVED = declare(
    "document.approved", "Version approved", sentence="A version of {subject} was approved"
).name
DOCUMENT_SCHEDULED = declare(
    "document.scheduled", "Version scheduled", sentence="A version of {subject} comes into force on a later day"
).name
DOCUMENT_PUBLISHED = declare(
    "document.published", "Version in force", sentence="A version of {subject} came into force"
).name
DOCUMENT_SUPERSEDED = declare(
    "document.superseded", "Version replaced", sentence="A version of {subject} was replaced by the next"
).name
DOCUMENT_RETIREMENT_PROPOSED = declare(
    "document.retirement_proposed", "Retirement proposed", sentence="{actor} proposed to retire {subject}"
).name
DOCUMENT_RETIREMENT_SCHEDULED = declare(
    "document.retirement_scheduled", "Retirement scheduled", sentence="{subject} will be retired on a later day"
).name
DOCUMENT_RETIREMENT_ENDED = declare(
    "document.retirement_ended",
    "Retirement not carried out",
    sentence="The retirement of {subject} was not carried out",
).name
DOCUMENT_RETIRED = declare("document.retired", "Document retired", sentence="{subject} was retired").name

# What is known about a document beside its text
DOCUMENT_OWNER_CHANGED = declare(
    "document.owner_changed", "Owner changed", sentence="{actor} changed the owner of {subject}"
).name
DOCUMENT_RECLASSIFIED = declare(
    "document.reclassified", "Classification changed", sentence="{actor} changed the classification of {subject}"
).name
DOCUMENT_REVIEW_INTERVAL_CHANGED = declare(
    "document.review_interval_changed",
    "Review interval changed",
    sentence="{actor} changed the review interval of {subject}",
).name
DOCUMENT_TAGS_CHANGED = declare(
    "document.tags_changed", "Tags changed", sentence="{actor} changed the tags of {subject}"
).name
DOCUMENT_ALIAS_ADDED = declare(
    "document.alias_added", "Other reference added", sentence="{actor} added another reference to {subject}"
).name

# A draft's life
DRAFT_STARTED = declare("draft.started", "Revision started", sentence="{actor} started a revision of {subject}").name
DRAFT_SAVED = declare("draft.saved", "Draft saved", sentence="{actor} saved the draft of {subject}").name
DRAFT_DISCARDED = declare(
    "draft.discarded", "Draft discarded", sentence="{actor} discarded the draft of {subject}"
).name
DRAFT_SUBMITTED = declare(
    "draft.submitted", "Draft submitted", sentence="{actor} submitted the draft of {subject}"
).name
DRAFT_RETURNED = declare(
    "draft.returned", "Draft back with its authors", sentence="The draft of {subject} is back with its authors"
).name

# Reviews
REVIEW_DUE = declare("review.due", "Review due", sentence="The review of {subject} is due").name
REVIEW_OVERDUE = declare("review.overdue", "Review overdue", sentence="The review of {subject} is overdue").name
REVIEW_CONFIRMED = declare(
    "review.confirmed", "Review confirmed", sentence="{actor} confirmed that {subject} is still right"
).name

# Imports
IMPORT_STARTED = declare("import.started", "Import started", sentence="{actor} started the import {subject}").name
IMPORT_DOCUMENT_CREATED = declare(
    "import.document_created", "Document imported", sentence="{actor} imported {subject}"
).name
IMPORT_REVISION_ADDED = declare(
    "import.revision_added", "Revision imported", sentence="{actor} imported a revision of {subject}"
).name
IMPORT_SOURCE_CHANGED = declare(
    "import.source_changed", "Change of the source imported", sentence="{actor} imported that {subject} left its source"
).name
IMPORT_FINISHED = declare("import.finished", "Import finished", sentence="{actor} finished the import {subject}").name
IMPORT_SUBMITTED = declare(
    "import.submitted", "Import submitted", sentence="{actor} submitted the import {subject} for approval"
).name
IMPORT_ATTESTED = declare(
    "import.attested", "Import attested", sentence="{actor} took the import {subject} into force on their word"
).name
IMPORT_APPROVED = declare("import.approved", "Import approved", sentence="The import {subject} was approved").name
IMPORT_REFUSED = declare("import.refused", "Import refused", sentence="The import {subject} was refused").name
IMPORT_STOPPED = declare(
    "import.stopped", "Import stopped", sentence="The import {subject} stopped before its end"
).name
