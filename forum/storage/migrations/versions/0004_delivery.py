"""bounces, limits and the state of the outgoing mail."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('mailing_list', sa.Column('reply_to', sa.String(length=64), nullable=False, server_default='both'))
    op.add_column('mailing_list', sa.Column('subject_prefix', sa.String(length=64), nullable=False, server_default=''))
    op.add_column('mailing_list', sa.Column('hourly_limit', sa.Integer(), nullable=True))
    op.add_column('subscription', sa.Column('bursts', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('digest_delivery', sa.Column('is_burst', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table('bounce_standing',
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('score', sa.Double(), nullable=False),
    sa.Column('counted_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('last_reply', sa.String(), nullable=False),
    sa.Column('probe_token', sa.String(length=64), nullable=True),
    sa.Column('probed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('stopped_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_bounce_standing_subscription_id_subscription'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subscription_id', name=op.f('pk_bounce_standing')),
    sa.UniqueConstraint('probe_token', name=op.f('uq_bounce_standing_probe_token'))
    )
    op.create_table('sent_count',
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('began_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'began_at', name=op.f('pk_sent_count'))
    )
    op.create_table('smarthost_fault',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('since', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('last_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('reply', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_smarthost_fault'))
    )


def downgrade() -> None:
    op.drop_table('smarthost_fault')
    op.drop_table('sent_count')
    op.drop_table('bounce_standing')
    # Not in a batch, which would make the table anew and lose what refers to it.
    op.drop_column('digest_delivery', 'is_burst')
    op.drop_column('subscription', 'bursts')
    op.drop_column('mailing_list', 'hourly_limit')
    op.drop_column('mailing_list', 'subject_prefix')
    op.drop_column('mailing_list', 'reply_to')
