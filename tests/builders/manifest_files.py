"""Manifests as people write them."""

APP = """apiVersion: gupshup.controller/v1
kind: App
metadata: {name: AcmeSupport}
spec:
  wabaId: "109876543210987"
  phone: "919876543210"
"""
HOOK = """---
apiVersion: gupshup.controller/v1
kind: Subscription
metadata: {name: hook}
spec:
  app: AcmeSupport
  url: https://hooks.example.com/x
  version: 3
  modes: [SENT]
"""
