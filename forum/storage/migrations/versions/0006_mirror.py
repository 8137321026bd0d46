"""the outside list and what came back from it."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

TIME = forum.storage.base.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table('mirror_notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('incoming_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('arrived_at', TIME, nullable=False),
    sa.Column('closed_at', TIME, nullable=True),
    sa.Column('closed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['closed_by_id'], ['account.id'], name=op.f('fk_mirror_notice_closed_by_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['incoming_id'], ['incoming.id'], name=op.f('fk_mirror_notice_incoming_id_incoming'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_mirror_notice_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_mirror_notice_post_id_post'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mirror_notice'))
    )
    op.create_index(op.f('ix_mirror_notice_incoming_id'), 'mirror_notice', ['incoming_id'])
    op.create_index('ix_mirror_notice_list', 'mirror_notice', ['mailing_list_id', 'arrived_at'])
    op.create_index(op.f('ix_mirror_notice_post_id'), 'mirror_notice', ['post_id'])

    op.create_table('mirror_delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('notice_id', sa.Integer(), nullable=True),
    sa.Column('came_back_at', TIME, nullable=True),
    sa.Column('archived_at', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=64), nullable=False),
    sa.Column('due_at', TIME, nullable=False),
    sa.Column('claimed_until', TIME, nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('queued_at', TIME, nullable=False),
    sa.Column('sent_at', TIME, nullable=True),
    sa.Column('last_reply', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_mirror_delivery_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['notice_id'], ['mirror_notice.id'], name=op.f('fk_mirror_delivery_notice_id_mirror_notice'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_mirror_delivery_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mirror_delivery')),
    sa.UniqueConstraint('notice_id', name=op.f('uq_mirror_delivery_notice_id')),
    sa.UniqueConstraint('post_id', name=op.f('uq_mirror_delivery_post_id'))
    )
    op.create_index('ix_mirror_delivery_due', 'mirror_delivery', ['state', 'due_at'])
    op.create_index('ix_mirror_delivery_list', 'mirror_delivery', ['mailing_list_id', 'came_back_at', 'queued_at'])

    op.create_table('mirror_sighting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('seen_at', TIME, nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_mirror_sighting_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_mirror_sighting_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mirror_sighting'))
    )
    op.create_index('ix_mirror_sighting_post', 'mirror_sighting', ['mailing_list_id', 'post_id'])
    op.create_index(op.f('ix_mirror_sighting_post_id'), 'mirror_sighting', ['post_id'])

    op.create_table('mirror_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('shown', sa.String(), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('authors', sa.JSON(), nullable=False),
    sa.Column('first_number', sa.Integer(), nullable=False),
    sa.Column('learned_at', TIME, nullable=True),
    sa.Column('is_certain', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_mirror_line_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mirror_line')),
    sa.UniqueConstraint('mailing_list_id', 'place', 'key', name=op.f('uq_mirror_line_mailing_list_id_place_key'))
    )

    op.create_table('mirror_state',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('derive_after', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_mirror_state_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', name=op.f('pk_mirror_state'))
    )
    _make_fetching()


def downgrade() -> None:
    op.drop_table('fetched_name')
    op.drop_table('fetching')
    for table in ('mirror_state', 'mirror_line', 'mirror_sighting', 'mirror_delivery', 'mirror_notice'):
        op.drop_table(table)


def _make_fetching() -> None:
    op.create_table('fetching',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('sealed_password', sa.String(), nullable=False),
    sa.Column('uid_validity', sa.BigInteger(), nullable=True),
    sa.Column('last_uid', sa.BigInteger(), nullable=False),
    sa.Column('due_at', TIME, nullable=False),
    sa.Column('claimed_until', TIME, nullable=True),
    sa.Column('checked_at', TIME, nullable=True),
    sa.Column('succeeded_at', TIME, nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_fetching_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', name=op.f('pk_fetching'))
    )
    op.create_table('fetched_name',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['fetching.mailing_list_id'], name=op.f('fk_fetched_name_mailing_list_id_fetching'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', 'name', name=op.f('pk_fetched_name'))
    )
