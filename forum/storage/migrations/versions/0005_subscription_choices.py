"""what subscribers choose."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('subscription', sa.Column('paused_until', forum.storage.base.UTCDateTime(timezone=True), nullable=True))
    op.add_column('subscription', sa.Column('attachments_as_links', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('subscription', sa.Column('plain_text', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('subscription', sa.Column('digest_format', sa.String(length=64), nullable=False, server_default='mime'))
    op.add_column('subscription', sa.Column('follows_written', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('mailing_list', sa.Column('welcome_fr', sa.String(), nullable=False, server_default=''))
    op.add_column('mailing_list', sa.Column('welcome_en', sa.String(), nullable=False, server_default=''))
    op.add_column('mailing_list', sa.Column('welcome_es', sa.String(), nullable=False, server_default=''))
    op.add_column('account', sa.Column('held_mail', sa.String(length=64), nullable=False, server_default='each'))
    op.add_column('account', sa.Column('held_told_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True))
    op.create_table('thread_subscription',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('since', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_thread_subscription_author_id_author'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_thread_subscription_thread_id_thread'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread_subscription')),
    sa.UniqueConstraint('author_id', 'thread_id', name=op.f('uq_thread_subscription_author_id_thread_id'))
    )
    op.create_index('ix_thread_subscription_thread_id', 'thread_subscription', ['thread_id'], unique=False)
    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('invited_by_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['invited_by_id'], ['account.id'], name=op.f('fk_invitation_invited_by_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_invitation_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation'))
    )
    op.create_index('ix_invitation_email', 'invitation', ['email'], unique=False)
    op.create_index('ix_invitation_list', 'invitation', ['mailing_list_id', 'created_at'], unique=False)


def downgrade() -> None:
    op.drop_table('invitation')
    op.drop_table('thread_subscription')
    # Not in a batch, which would make the tables anew and lose what refers to them.
    op.drop_column('account', 'held_told_at')
    op.drop_column('account', 'held_mail')
    op.drop_column('mailing_list', 'welcome_es')
    op.drop_column('mailing_list', 'welcome_en')
    op.drop_column('mailing_list', 'welcome_fr')
    op.drop_column('subscription', 'follows_written')
    op.drop_column('subscription', 'digest_format')
    op.drop_column('subscription', 'plain_text')
    op.drop_column('subscription', 'attachments_as_links')
    op.drop_column('subscription', 'paused_until')
