"""erasures: pieces of archives, and how much was changed."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('erasure') as batch:
        batch.add_column(sa.Column('pieces_to', sa.Integer(), nullable=False, server_default='0'))
        batch.add_column(sa.Column('changed', sa.JSON(), nullable=False, server_default='{}'))


def downgrade() -> None:
    with op.batch_alter_table('erasure') as batch:
        batch.drop_column('changed')
        batch.drop_column('pieces_to')
