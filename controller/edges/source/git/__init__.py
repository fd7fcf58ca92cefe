"""Manifests from a git repository: a branch or a revision goes in, the files of one whole commit come out."""

from controller.edges.source.git.checkout import Baseline, baseline
from controller.edges.source.git.listing import blob_id
from controller.edges.source.git.remote import Access, HttpsLogin, Remote, Signers, SshKey
from controller.edges.source.git.source import Commit, GitSource

__all__ = [
    "Access",
    "Baseline",
    "Commit",
    "GitSource",
    "HttpsLogin",
    "Remote",
    "Signers",
    "SshKey",
    "baseline",
    "blob_id",
]
