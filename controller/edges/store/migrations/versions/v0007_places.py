"""Places: where each manifest of a last good revision was on the disk, "" for those of older stores."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    rows = op.get_bind().execute(sa.text("SELECT source, path, data FROM manifests")).mappings().all()
    op.drop_table("manifests")
    made = op.create_table(
        "manifests",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path", name="pk_manifests"),
    )
    if rows:
        op.bulk_insert(made, [{**row, "place": ""} for row in rows])
