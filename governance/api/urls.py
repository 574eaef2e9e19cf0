"""The addresses of governance's API, below ``/api/v1/``."""

from django.urls import URLPattern, path

from governance.api import delegations, ledger, memberships, operating_models, plans, requests, rights, units
from governance.api.views import ApiView


def address(route: str, view: type[ApiView], name: str) -> URLPattern:
    """Return one address below the API's root, under its name."""
    return path(f"api/v1/{route}", view.as_view(), name=f"api-{name}")


urlpatterns = [
    # Units and who belongs to them
    address("units/", units.UnitList, "unit-list"),
    address("units/<str:code>/", units.UnitDetail, "unit-detail"),
    address("units/<str:code>/move/", units.UnitMove, "unit-move"),
    address("units/<str:code>/closing/", units.UnitClosing, "unit-closing"),
    address("units/<str:code>/remits/", units.UnitRemits, "unit-remits"),
    address("units/<str:code>/history/", units.UnitHistory, "unit-history"),
    address("memberships/", memberships.MembershipList, "membership-list"),
    address("memberships/<uuid:public_id>/", memberships.MembershipDetail, "membership-detail"),
    address("memberships/<uuid:public_id>/end/", memberships.MembershipEnd, "membership-end"),
    address("organisation-roles/", memberships.RoleList, "organisation-role-list"),
    address("organisation-roles/<uuid:public_id>/end/", memberships.RoleEnd, "organisation-role-end"),
    address("confirmations/", memberships.ConfirmationList, "confirmation-list"),
    address("confirmations/<uuid:public_id>/decision/", memberships.ConfirmationDecision, "confirmation-decision"),
    address("delegations/", delegations.DelegationList, "delegation-list"),
    address("delegations/<uuid:public_id>/", delegations.DelegationDetail, "delegation-detail"),
    address("delegations/<uuid:public_id>/end/", delegations.DelegationEnd, "delegation-end"),
    # Operating models and how they come to hold
    address("operating-models/", operating_models.ModelList, "operating-model-list"),
    address("operating-models/<slug:key>/", operating_models.ModelDetail, "operating-model-detail"),
    address("operating-models/<slug:key>/versions/", operating_models.ModelVersions, "operating-model-versions"),
    address("assignments/", operating_models.AssignmentList, "assignment-list"),
    address("plans/", plans.PlanList, "plan-list"),
    address("plans/<str:number>/", plans.PlanDetail, "plan-detail"),
    address("plans/<str:number>/changes/", plans.PlanChanges, "plan-changes"),
    address("plans/<str:number>/recalculation/", plans.PlanRecalculation, "plan-recalculation"),
    address("plans/<str:number>/sending/", plans.PlanSending, "plan-sending"),
    address("plans/<str:number>/confirmation/", plans.PlanConfirmation, "plan-confirmation"),
    address("plans/<str:number>/refusal/", plans.PlanRefusal, "plan-refusal"),
    address("plans/<str:number>/cancellation/", plans.PlanCancellation, "plan-cancellation"),
    address("plans/<str:number>/application/", plans.PlanApplication, "plan-application"),
    address("rights/", rights.RightList, "right-list"),
    address("rights/holders/", rights.HolderList, "right-holders"),
    # Requests
    address("requests/", requests.RequestList, "request-list"),
    address("requests/<str:number>/", requests.RequestDetail, "request-detail"),
    address("requests/<str:number>/decisions/", requests.RequestDecisions, "request-decisions"),
    address("requests/<str:number>/decisions/mine/", requests.RequestOwnDecision, "request-own-decision"),
    address("requests/<str:number>/withdrawal/", requests.RequestWithdrawal, "request-withdrawal"),
    address("requests/<str:number>/objections/", requests.RequestObjections, "request-objections"),
    address("requests/<str:number>/objections/<int:place>/", requests.RequestObjection, "request-objection"),
    address("requests/<str:number>/review/", requests.RequestReview, "request-review"),
    address("change-requests/", requests.ChangeRequests, "change-requests"),
    address("exception-requests/", requests.ExceptionRequests, "exception-requests"),
    # What happened
    address("ledger/", ledger.EntryList, "ledger-list"),
    address("ledger/<int:number>/", ledger.EntryDetail, "ledger-entry"),
]
