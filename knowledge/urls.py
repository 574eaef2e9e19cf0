"""The addresses of the library and its documents."""

from django.urls import path

from knowledge.views import documents, editing, history, imports, library, managing, reviews

urlpatterns = [
    path("library/", library.library, name="library"),
    path("library/imports/", imports.import_list, name="import-list"),
    path("library/imports/new/", imports.new, name="import-new"),
    path("library/imports/<str:number>/", imports.detail, name="import"),
    path("library/new/", editing.new, name="document-new"),
    path("library/new/preview/", editing.new_preview, name="document-new-preview"),
    path("s/<str:ref>/edit/", editing.edit, name="document-edit"),
    path("s/<str:ref>/edit/preview/", editing.edit_preview, name="document-preview"),
    path("s/<str:ref>/start/", editing.start, name="document-start"),
    path("s/<str:ref>/discard/", editing.discard, name="document-discard"),
    path("s/<str:ref>/history/", history.document_history, name="document-history"),
    path("s/<str:ref>/compare/", history.choose_compare, name="document-choose-compare"),
    path("s/<str:ref>/compare/<str:pair>/", history.compare, name="document-compare"),
    path("s/<str:ref>/review/", reviews.review, name="document-review"),
    path("s/<str:ref>/about/", managing.about, name="document-about"),
    path("s/<str:ref>/retire/", managing.retire, name="document-retire"),
    path("reviews/", reviews.review_list, name="review-list"),
    path("s/<str:ref>/", documents.read, name="document"),
    path("s/<str:ref>/v/<str:version>/", documents.read, name="document-version"),
    path("s/<str:ref>/files/<uuid:revision>/<path:name>", documents.file, name="document-file"),
    path("library/suggest/", library.suggest, name="library-suggest"),
]
