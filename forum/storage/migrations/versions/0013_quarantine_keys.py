"""pieces of archives put aside keep their old addresses."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('quarantined_message') as batch:
        batch.add_column(sa.Column('old_keys', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    with op.batch_alter_table('quarantined_message') as batch:
        batch.drop_column('old_keys')
