"""The product's addresses and, beside them, those that exist only while it is measured."""

from django.urls import path

from benchmarks import by_hand, floors, guardians
from config import urls as product

urlpatterns = [
    *product.urlpatterns,
    path("benchmark/nothing/", floors.nothing),
    path("benchmark/signed-in/", floors.signed_in),
    path("benchmark/floor/", floors.floor),
    path("benchmark/by-hand/", by_hand.library),
    path("benchmark/by-hand/<str:number>/", by_hand.document),
    path("benchmark/guardian/remit/", guardians.per_remit),
    path("benchmark/guardian/document/", guardians.per_document),
]
handler400, handler403 = product.handler400, product.handler403
handler404, handler500 = product.handler404, product.handler500
