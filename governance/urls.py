"""The pages of governance."""

from django.urls import path

from governance.views import delegations, ledger, model, people, requests, transitions, units

urlpatterns = [
    path("requests/", requests.request_list, name="request-list"),
    path("requests/new/", requests.request_new, name="request-new"),
    path("requests/<str:number>/", requests.request_detail, name="request-detail"),
    path("requests/<str:number>/undo/", requests.request_undo, name="request-undo"),
    path("model/", model.model_home, name="model-home"),
    path("model/check/", model.model_check, name="model-check"),
    path("model/plans/", transitions.plan_list, name="plan-list"),
    path("model/plans/new/", transitions.plan_new, name="plan-new"),
    path("model/plans/<str:number>/", transitions.plan_detail, name="plan-detail"),
    path("model/<slug:key>/", model.model_detail, name="model-detail"),
    path("units/", units.unit_list, name="unit-list"),
    path("settings/first-unit/", units.unit_new, name="unit-first"),
    path("units/<str:code>/", units.unit_detail, name="unit-detail"),
    path("units/<str:code>/new/", units.unit_new, name="unit-new"),
    path("units/<str:code>/rename/", units.unit_rename, name="unit-rename"),
    path("units/<str:code>/move/", units.unit_move, name="unit-move"),
    path("units/<str:code>/close/", units.unit_close, name="unit-close"),
    path("units/<str:code>/people/new/", people.membership_new, name="unit-membership-new"),
    path("people/", people.people_list, name="people-list"),
    path("people/<uuid:public_id>/", people.people_detail, name="people-detail"),
    path("people/<uuid:public_id>/membership/", people.membership_new, name="people-membership-new"),
    path("people/<uuid:public_id>/role/", people.role_new, name="people-role-new"),
    path("me/substitutes/new/", delegations.delegation_new, name="delegation-new"),
    path("me/substitutes/<uuid:public_id>/end/", delegations.delegation_end, name="delegation-end"),
    path("memberships/<uuid:public_id>/end/", people.membership_end, name="membership-end"),
    path("roles/<uuid:public_id>/end/", people.role_end, name="role-end"),
    path("settings/people/", people.people_settings, name="people-settings"),
    path("settings/people/confirmations/<uuid:public_id>/", people.confirmation_decide, name="confirmation-decide"),
    path("audit/", ledger.ledger_list, name="ledger-list"),
]
