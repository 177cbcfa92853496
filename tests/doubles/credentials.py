"""The one place that names the merchants the doubles know. Published or made up: nothing is secret.

MoMo's and ZaloPay's are the sample keys they publish themselves; all others are made up.
"""

from __future__ import annotations

VNPAY_TMN_CODE = "HANOIPK1"
VNPAY_SECRET = "DEMOVNPAYHASHSECRET0123456789ABC"

MOMO_PARTNER_CODE = "MOMO"
MOMO_ACCESS_KEY = "F8BBA842ECF85"
MOMO_SECRET_KEY = "K951B6PE1waDMi640xX08PD3vg6EkVlz"

ZALOPAY_APP_ID = 15847
ZALOPAY_KEY1 = "0U93tRzdWEkMLVNYH90aBu5ca0Psql8T"
ZALOPAY_KEY2 = "PurTcToVhvUt7vR2jO6He4lh3nfNEiks"

PAYOS_CLIENT_ID = "payos-demo-client"
PAYOS_API_KEY = "payos-demo-api-key"
PAYOS_CHECKSUM_KEY = "payos-demo-checksum-key"

STRIPE_API_KEY = "sk_test_double0123456789"
STRIPE_WEBHOOK_SECRET = "whsec_double0123456789"

SEPAY_TOKEN = "sepay-demo-token"
SEPAY_WEBHOOK_SECRET = "sepay-demo-webhook-secret"

CASSO_API_KEY = "casso-demo-api-key"
CASSO_WEBHOOK_KEY = "casso-demo-webhook-key"
