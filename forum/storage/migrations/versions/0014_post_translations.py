"""Translations of posts."""

import sqlalchemy as sa
from alembic import op

import forum.storage.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_translation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("public_html", sa.String(), nullable=True),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("written_at", forum.storage.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_post_translation_account_id_account"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
            name=op.f("fk_post_translation_post_id_post"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_translation")),
    )
    op.create_index("ix_post_translation_post", "post_translation", ["post_id", "language"])
    op.create_index("ix_post_translation_account_id", "post_translation", ["account_id"])
    with op.batch_alter_table("post") as batch:
        batch.add_column(
            sa.Column("translated_into", sa.String(), nullable=False, server_default="")
        )
    with op.batch_alter_table("subscription") as batch:
        batch.add_column(
            sa.Column("translations", sa.Boolean(), nullable=False, server_default=sa.true())
        )


def downgrade() -> None:
    with op.batch_alter_table("subscription") as batch:
        batch.drop_column("translations")
    with op.batch_alter_table("post") as batch:
        batch.drop_column("translated_into")
    op.drop_table("post_translation")
