"""translations of posts are mailed."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

TABLES = ('delivery', 'digest_item')


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column('translation', sa.String(length=64), nullable=False, server_default=''))
            batch.drop_constraint(f'uq_{table}_post_id_subscription_id', type_='unique')
            batch.create_unique_constraint(
                f'uq_{table}_post_id_subscription_id_translation', ['post_id', 'subscription_id', 'translation']
            )


def downgrade() -> None:
    for table in TABLES:
        # A translation would stand twice beside its post.
        op.execute(f"DELETE FROM {table} WHERE translation <> ''")
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f'uq_{table}_post_id_subscription_id_translation', type_='unique')
            batch.create_unique_constraint(f'uq_{table}_post_id_subscription_id', ['post_id', 'subscription_id'])
            batch.drop_column('translation')
