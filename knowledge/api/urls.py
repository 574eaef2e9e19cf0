"""The addresses of knowledge's API, below ``/api/v1/``."""

from django.urls import path

from knowledge.api import documents, drafts, imports, reviews, revisions, searching

_DOCUMENT = "api/v1/documents/<str:ref>/"
_REVISION = f"{_DOCUMENT}revisions/<str:name>/"
_IMPORT = "api/v1/imports/<str:number>/"

urlpatterns = [
    path("api/v1/documents/", documents.DocumentList.as_view(), name="api-document-list"),
    path("api/v1/documents/facets/", documents.DocumentFacets.as_view(), name="api-document-facets"),
    path(_DOCUMENT, documents.DocumentDetail.as_view(), name="api-document"),
    path(f"{_DOCUMENT}rights/", documents.DocumentRights.as_view(), name="api-document-rights"),
    path(f"{_DOCUMENT}owner/", documents.DocumentOwner.as_view(), name="api-document-owner"),
    path(
        f"{_DOCUMENT}classification/",
        documents.DocumentClassification.as_view(),
        name="api-document-classification",
    ),
    path(f"{_DOCUMENT}review-interval/", documents.DocumentInterval.as_view(), name="api-document-review-interval"),
    path(f"{_DOCUMENT}tags/", documents.DocumentTags.as_view(), name="api-document-tags"),
    path(f"{_DOCUMENT}aliases/", documents.DocumentAliases.as_view(), name="api-document-aliases"),
    path(f"{_DOCUMENT}retirement/", documents.DocumentRetirement.as_view(), name="api-document-retirement"),
    path(f"{_DOCUMENT}draft/", drafts.Draft.as_view(), name="api-draft"),
    path(f"{_DOCUMENT}draft/discard/", drafts.DraftDiscard.as_view(), name="api-draft-discard"),
    path(f"{_DOCUMENT}draft/submission/", drafts.DraftSubmission.as_view(), name="api-draft-submission"),
    path(f"{_DOCUMENT}draft/files/", drafts.DraftFiles.as_view(), name="api-draft-files"),
    path(f"{_DOCUMENT}draft/files/<path:name>/", drafts.DraftFile.as_view(), name="api-draft-file"),
    path(f"{_DOCUMENT}revisions/", revisions.RevisionList.as_view(), name="api-revision-list"),
    path(_REVISION, revisions.RevisionDetail.as_view(), name="api-revision"),
    path(f"{_REVISION}clauses/", revisions.ClauseList.as_view(), name="api-clause-list"),
    path(f"{_DOCUMENT}compare/<str:pair>/", revisions.Comparison.as_view(), name="api-revision-compare"),
    path(f"{_DOCUMENT}events/", revisions.EventList.as_view(), name="api-document-events"),
    path(f"{_DOCUMENT}files/<uuid:revision>/<path:name>/", revisions.FileDownload.as_view(), name="api-file"),
    path(f"{_DOCUMENT}reviews/", reviews.DocumentReviews.as_view(), name="api-document-reviews"),
    path("api/v1/reviews/", reviews.ReviewList.as_view(), name="api-review-list"),
    path("api/v1/search/", searching.Search.as_view(), name="api-search"),
    path("api/v1/search/suggestions/", searching.Suggestions.as_view(), name="api-search-suggestions"),
    path("api/v1/imports/", imports.ImportList.as_view(), name="api-import-list"),
    path("api/v1/imports/uploads/", imports.ImportUploads.as_view(), name="api-import-uploads"),
    path("api/v1/imports/sources/", imports.ImportSources.as_view(), name="api-import-sources"),
    path(_IMPORT, imports.ImportDetail.as_view(), name="api-import"),
    path(f"{_IMPORT}continuation/", imports.ImportContinuation.as_view(), name="api-import-continuation"),
    path(f"{_IMPORT}request/", imports.ImportRequest.as_view(), name="api-import-request"),
]
