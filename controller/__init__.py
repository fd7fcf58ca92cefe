"""Keep WhatsApp apps and webhooks on Gupshup as manifests declare them."""

__version__ = "0.1.0"
