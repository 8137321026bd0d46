"""daily and weekly digests."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('mailing_list', sa.Column('time_zone', sa.String(length=64), nullable=False, server_default='UTC'))
    op.add_column('mailing_list', sa.Column('digest_hour', sa.Integer(), nullable=False, server_default='6'))
    op.create_table('digest_delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('due_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('claimed_until', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('queued_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('last_reply', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_digest_delivery_subscription_id_subscription'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digest_delivery'))
    )
    with op.batch_alter_table('digest_delivery', schema=None) as batch_op:
        batch_op.create_index('ix_digest_delivery_due', ['state', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_digest_delivery_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('digest_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('digest_id', sa.Integer(), nullable=True),
    sa.Column('ready_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['digest_id'], ['digest_delivery.id'], name=op.f('fk_digest_item_digest_id_digest_delivery'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_digest_item_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_digest_item_subscription_id_subscription'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digest_item')),
    sa.UniqueConstraint('post_id', 'subscription_id', name=op.f('uq_digest_item_post_id_subscription_id'))
    )
    with op.batch_alter_table('digest_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_digest_item_digest_id'), ['digest_id'], unique=False)
        batch_op.create_index('ix_digest_item_waiting', ['subscription_id', 'digest_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('digest_item', schema=None) as batch_op:
        batch_op.drop_index('ix_digest_item_waiting')
        batch_op.drop_index(batch_op.f('ix_digest_item_digest_id'))

    op.drop_table('digest_item')
    with op.batch_alter_table('digest_delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_digest_delivery_subscription_id'))
        batch_op.drop_index('ix_digest_delivery_due')

    op.drop_table('digest_delivery')
    # Not in a batch, which would make the table anew and lose what refers to it.
    op.drop_column('mailing_list', 'digest_hour')
    op.drop_column('mailing_list', 'time_zone')
