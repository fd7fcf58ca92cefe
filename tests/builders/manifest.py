"""What is declared, in a few words a test."""

from dataclasses import replace

from controller.model.manifest import App, Desired, FromEnv, Partner, Policy, Settle, Subscription, Token

SETTLE = Settle(late_effect=600, stale_list=120)
PARTNER = Partner("main", "https://partner.gupshup.io", Token(FromEnv("TOKEN")), settle=SETTLE)
ALL = frozenset(Policy)
CALLBACK = "https://hooks.example.com/live"


def phone(number: int = 1) -> str:
    return f"9198765{number:05d}"


def app(number: int = 1, partner: str = "main") -> App:
    return App(f"app-{number:04d}", partner, f"Name{number:04d}", f"1000000000{number:05d}", phone(number))


def subscription(number: int = 1, tag: str = "events") -> Subscription:
    url = f"https://hooks.example.com/{number}/{tag}"
    return Subscription(tag, "main", f"app-{number:04d}", tag, url, 3, frozenset({"SENT", "READ"}))


def desired(
    *things: App | Subscription, partner: Partner = PARTNER, revision: str = "r1", complete: bool = True
) -> Desired:
    apps = tuple(each for each in things if isinstance(each, App))
    subscriptions = tuple(each for each in things if isinstance(each, Subscription))
    return Desired(revision, (partner,), apps, subscriptions, complete)


APP, WANTED = app(1), subscription(1)
SECRET = replace(WANTED, headers={"X-Hook": FromEnv("HOOK_A")})
PRUNING = replace(APP, policies=ALL)
OURS = replace(PARTNER, owned_tags="gitops-*")
