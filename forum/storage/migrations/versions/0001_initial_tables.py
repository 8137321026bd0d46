"""initial tables."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('author',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('named_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_author'))
    )
    op.create_table('index_queue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('queued_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_index_queue'))
    )
    with op.batch_alter_table('index_queue', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_index_queue_post_id'), ['post_id'], unique=False)

    op.create_table('mailing_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('title_fr', sa.String(), nullable=False),
    sa.Column('title_en', sa.String(), nullable=False),
    sa.Column('title_es', sa.String(), nullable=False),
    sa.Column('description_fr', sa.String(), nullable=False),
    sa.Column('description_en', sa.String(), nullable=False),
    sa.Column('description_es', sa.String(), nullable=False),
    sa.Column('mode', sa.String(length=64), nullable=False),
    sa.Column('upstream_address', sa.String(), nullable=True),
    sa.Column('bridge_address', sa.String(), nullable=True),
    sa.Column('upstream_list_id', sa.String(), nullable=True),
    sa.Column('visibility', sa.String(length=64), nullable=False),
    sa.Column('posting', sa.String(length=64), nullable=False),
    sa.Column('strangers', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('from_policy', sa.String(length=64), nullable=False),
    sa.Column('outgoing_stopped', sa.Boolean(), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailing_list')),
    sa.UniqueConstraint('address', name=op.f('uq_mailing_list_address')),
    sa.UniqueConstraint('bridge_address', name=op.f('uq_mailing_list_bridge_address')),
    sa.UniqueConstraint('slug', name=op.f('uq_mailing_list_slug'))
    )
    op.create_table('raw_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('compressed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_raw_message')),
    sa.UniqueConstraint('sha256', name=op.f('uq_raw_message_sha256'))
    )
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('is_admin', sa.Boolean(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('session_key', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_account_author_id_author')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('author_id', name=op.f('uq_account_author_id')),
    sa.UniqueConstraint('email', name=op.f('uq_account_email'))
    )
    op.create_table('address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('confirmed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_address_author_id_author')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address')),
    sa.UniqueConstraint('email', name=op.f('uq_address_email'))
    )
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_address_author_id'), ['author_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=True),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('due_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('claimed_until', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('queued_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('last_reply', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_notice_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_due', ['state', 'due_at'], unique=False)

    op.create_table('thread',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    sa.Column('merged_into_id', sa.Integer(), nullable=True),
    sa.Column('post_count', sa.Integer(), nullable=False),
    sa.Column('languages', sa.String(), nullable=False),
    sa.Column('tags', sa.String(), nullable=False),
    sa.Column('started_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('last_post_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_thread_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['merged_into_id'], ['thread.id'], name=op.f('fk_thread_merged_into_id_thread')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thread'))
    )
    with op.batch_alter_table('thread', schema=None) as batch_op:
        batch_op.create_index('ix_thread_latest', ['mailing_list_id', 'pinned', 'last_post_at'], unique=False)
        batch_op.create_index('ix_thread_shown', ['mailing_list_id', 'merged_into_id', 'post_count', 'last_post_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_thread_merged_into_id'), ['merged_into_id'], unique=False)

    op.create_table('token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=True),
    sa.Column('payload', sa.String(), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('used_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_token_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_token_digest'))
    )
    op.create_table('api_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('scope', sa.String(length=64), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_token_account_id_account'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_token_digest'))
    )
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('target', sa.String(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_audit_entry_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_audit_entry_mailing_list_id_mailing_list'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index('ix_audit_entry_list', ['mailing_list_id', 'at'], unique=False)

    op.create_table('post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('raw_id', sa.Integer(), nullable=True),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('author_name', sa.String(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('content_digest', sa.String(length=64), nullable=False),
    sa.Column('references', sa.JSON(), nullable=False),
    sa.Column('people', sa.JSON(), nullable=False),
    sa.Column('thread_index', sa.String(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('base_subject', sa.String(), nullable=False),
    sa.Column('is_reply', sa.Boolean(), nullable=False),
    sa.Column('pinned_parent_id', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('date', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('arrived_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('text_format', sa.String(length=64), nullable=False),
    sa.Column('flags', sa.JSON(), nullable=False),
    sa.Column('repairs', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('excerpt', sa.String(), nullable=False),
    sa.Column('html', sa.String(), nullable=False),
    sa.Column('public_html', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_post_author_id_author')),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_post_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['parent_id'], ['post.id'], name=op.f('fk_post_parent_id_post')),
    sa.ForeignKeyConstraint(['pinned_parent_id'], ['post.id'], name=op.f('fk_post_pinned_parent_id_post')),
    sa.ForeignKeyConstraint(['raw_id'], ['raw_message.id'], name=op.f('fk_post_raw_id_raw_message')),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_post_thread_id_thread')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('mailing_list_id', 'content_digest', name=op.f('uq_post_mailing_list_id_content_digest')),
    sa.UniqueConstraint('mailing_list_id', 'message_id', name=op.f('uq_post_mailing_list_id_message_id'))
    )
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_author_id'), ['author_id'], unique=False)
        batch_op.create_index('ix_post_date', ['mailing_list_id', 'date'], unique=False)
        batch_op.create_index(batch_op.f('ix_post_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_post_raw_id'), ['raw_id'], unique=False)
        batch_op.create_index('ix_post_subject', ['mailing_list_id', 'base_subject', 'date'], unique=False)
        batch_op.create_index('ix_post_thread', ['thread_id', 'position'], unique=False)

    op.create_table('role_grant',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_role_grant_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_role_grant_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grant')),
    sa.UniqueConstraint('mailing_list_id', 'account_id', 'role', name=op.f('uq_role_grant_mailing_list_id_account_id_role'))
    )
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_role_grant_account_id'), ['account_id'], unique=False)

    op.create_table('subscription',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('address_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('delivery', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('reads', sa.String(), nullable=False),
    sa.Column('own_posts', sa.Boolean(), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['address_id'], ['address.id'], name=op.f('fk_subscription_address_id_address')),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_subscription_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription')),
    sa.UniqueConstraint('mailing_list_id', 'address_id', name=op.f('uq_subscription_mailing_list_id_address_id')),
    sa.UniqueConstraint('token', name=op.f('uq_subscription_token'))
    )
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_address_id'), ['address_id'], unique=False)

    op.create_table('delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('due_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('claimed_until', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('queued_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('last_reply', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_delivery_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_delivery_subscription_id_subscription'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('post_id', 'subscription_id', name=op.f('uq_delivery_post_id_subscription_id'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index('ix_delivery_due', ['state', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('incoming',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('raw_id', sa.Integer(), nullable=False),
    sa.Column('reverse_path', sa.String(), nullable=False),
    sa.Column('forward_path', sa.String(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=True),
    sa.Column('peer', sa.String(), nullable=False),
    sa.Column('authenticated', sa.Boolean(), nullable=False),
    sa.Column('received_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('author_email', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_incoming_mailing_list_id_mailing_list')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_incoming_post_id_post'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['raw_id'], ['raw_message.id'], name=op.f('fk_incoming_raw_id_raw_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incoming')),
    sa.UniqueConstraint('forward_path', 'raw_id', 'reverse_path', name=op.f('uq_incoming_forward_path_raw_id_reverse_path'))
    )
    with op.batch_alter_table('incoming', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incoming_author_email'), ['author_email'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mailing_list_id'), ['mailing_list_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_raw_id'), ['raw_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_received_at'), ['received_at'], unique=False)
        batch_op.create_index('ix_incoming_state', ['state'], unique=False)

    op.create_table('message_link',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_message_link_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_message_link_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_message_link_thread_id_thread')),
    sa.PrimaryKeyConstraint('mailing_list_id', 'message_id', name=op.f('pk_message_link'))
    )
    with op.batch_alter_table('message_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_link_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_link_thread_id'), ['thread_id'], unique=False)

    op.create_table('post_attachment',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('index', sa.Integer(), nullable=False),
    sa.Column('filename', sa.String(), nullable=False),
    sa.Column('content_type', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('content_id', sa.String(), nullable=True),
    sa.Column('inline', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_attachment_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'index', name=op.f('pk_post_attachment'))
    )
    op.create_table('post_segment',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_segment_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'position', name=op.f('pk_post_segment'))
    )
    op.create_table('held_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('raw_id', sa.Integer(), nullable=False),
    sa.Column('incoming_id', sa.Integer(), nullable=True),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('author_email', sa.String(), nullable=False),
    sa.Column('author_name', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('content_digest', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('held_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('decision_reason', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_held_message_author_id_author')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['account.id'], name=op.f('fk_held_message_decided_by_id_account')),
    sa.ForeignKeyConstraint(['incoming_id'], ['incoming.id'], name=op.f('fk_held_message_incoming_id_incoming')),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_held_message_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_held_message_post_id_post'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['raw_id'], ['raw_message.id'], name=op.f('fk_held_message_raw_id_raw_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_held_message'))
    )
    with op.batch_alter_table('held_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_held_message_content_digest'), ['content_digest'], unique=False)
        batch_op.create_index('ix_held_message_waiting', ['mailing_list_id', 'state'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('held_message', schema=None) as batch_op:
        batch_op.drop_index('ix_held_message_waiting')
        batch_op.drop_index(batch_op.f('ix_held_message_content_digest'))

    op.drop_table('held_message')
    op.drop_table('post_segment')
    op.drop_table('post_attachment')
    with op.batch_alter_table('message_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_message_link_thread_id'))
        batch_op.drop_index(batch_op.f('ix_message_link_post_id'))

    op.drop_table('message_link')
    with op.batch_alter_table('incoming', schema=None) as batch_op:
        batch_op.drop_index('ix_incoming_state')
        batch_op.drop_index(batch_op.f('ix_incoming_received_at'))
        batch_op.drop_index(batch_op.f('ix_incoming_raw_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_mailing_list_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_author_email'))

    op.drop_table('incoming')
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_subscription_id'))
        batch_op.drop_index('ix_delivery_due')

    op.drop_table('delivery')
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_address_id'))

    op.drop_table('subscription')
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_role_grant_account_id'))

    op.drop_table('role_grant')
    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.drop_index('ix_post_thread')
        batch_op.drop_index('ix_post_subject')
        batch_op.drop_index(batch_op.f('ix_post_raw_id'))
        batch_op.drop_index(batch_op.f('ix_post_parent_id'))
        batch_op.drop_index('ix_post_date')
        batch_op.drop_index(batch_op.f('ix_post_author_id'))

    op.drop_table('post')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entry_list')

    op.drop_table('audit_entry')
    op.drop_table('api_token')
    op.drop_table('token')
    with op.batch_alter_table('thread', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_thread_merged_into_id'))
        batch_op.drop_index('ix_thread_shown')
        batch_op.drop_index('ix_thread_latest')

    op.drop_table('thread')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_due')

    op.drop_table('notice')
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_address_author_id'))

    op.drop_table('address')
    op.drop_table('account')
    op.drop_table('raw_message')
    op.drop_table('mailing_list')
    with op.batch_alter_table('index_queue', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_index_queue_post_id'))

    op.drop_table('index_queue')
    op.drop_table('author')
