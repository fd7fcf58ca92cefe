"""A secret, and forms in which somebody may show it."""

import base64
import json
from urllib.parse import quote, quote_plus

VALUE = 'p4ss+word/with "quotes" & sp?ces'
FORMS = (
    VALUE,
    quote(VALUE, safe=""),
    quote_plus(VALUE),
    json.dumps(VALUE)[1:-1],
    VALUE.encode().hex(),
    VALUE.encode().hex().upper(),
    base64.b64encode(VALUE.encode()).decode(),
    base64.urlsafe_b64encode(VALUE.encode()).decode(),
    base64.b64encode(b"me:" + VALUE.encode()).decode(),
    VALUE[:12],
    VALUE[7:25],
)
