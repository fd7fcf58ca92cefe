"""Manifests from a git repository: a branch goes in, the files of one whole commit come out."""

from controller.edges.source.git.listing import blob_id
from controller.edges.source.git.remote import Access, HttpsLogin, Remote, Signers, SshKey
from controller.edges.source.git.source import Commit, GitSource

__all__ = ["Access", "Commit", "GitSource", "HttpsLogin", "Remote", "Signers", "SshKey", "blob_id"]
