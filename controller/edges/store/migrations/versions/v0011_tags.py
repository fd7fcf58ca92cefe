"""Tags of the webhooks that were written: under another name a Subscription is known by its tag.

Writes of before get none: a name may have had another tag then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("history", sa.Column("tag", sa.Text(), nullable=True))
