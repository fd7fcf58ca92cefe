"""What Gupshup is asked in tests: the ids of an app, its subscription and another app, and the routes."""

from controller.edges.gupshup import app_id
from controller.model.upstream import SubscriptionId

APP = app_id("7f9c24e8-3b1a-4c5d-8e6f-000000000001")
OTHER = app_id("7f9c24e8-3b1a-4c5d-8e6f-000000000002")
SUB = SubscriptionId("8166")
PHONE = "919876543210"

LOGIN = "POST /partner/account/login"
APP_TOKEN = f"GET /partner/app/{APP}/token"
LINK = "POST /partner/tpp/app"
LIST = "GET /partner/app/list"
PARTNER_APPS = "GET /partner/account/api/partnerApps"
DETAILS = f"GET /partner/app/{APP}/details"
PIPELINE = f"GET /partner/app/{APP}/pipeline"
WABA = f"GET /partner/app/{APP}/waba/info"
CALLBACK = f"PUT /partner/app/{APP}/callbackUrl"
SUBSCRIPTIONS = f"GET /partner/app/{APP}/subscription"
SUBSCRIBE = f"POST /partner/app/{APP}/subscription"
UPDATE = f"PUT /partner/app/{APP}/subscription/{SUB}"
UNSUBSCRIBE = f"DELETE /partner/app/{APP}/subscription/{SUB}"
