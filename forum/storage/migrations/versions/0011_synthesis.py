"""syntheses of threads, the calendar of topics."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('synthesis_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('html', sa.String(), nullable=False),
    sa.Column('public_html', sa.String(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('written_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('stands', sa.Boolean(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=True),
    sa.Column('sent_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_synthesis_version_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_synthesis_version_post_id_post'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['source_id'], ['synthesis_version.id'], name=op.f('fk_synthesis_version_source_id_synthesis_version'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_synthesis_version_thread_id_thread'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_synthesis_version'))
    )
    op.create_index('ix_synthesis_version_thread', 'synthesis_version', ['thread_id', 'language'])
    for column in ('source_id', 'account_id', 'post_id'):
        op.create_index(f'ix_synthesis_version_{column}', 'synthesis_version', [column])
    op.create_table('topic',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('tag', sa.String(length=64), nullable=False),
    sa.Column('tag_key', sa.String(length=64), nullable=False),
    sa.Column('titles', sa.JSON(), nullable=False),
    sa.Column('products', sa.JSON(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('remind_days', sa.Integer(), nullable=False),
    sa.Column('reminded_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('changed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_topic_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic')),
    sa.UniqueConstraint('mailing_list_id', 'tag_key', name=op.f('uq_topic_mailing_list_id_tag_key'))
    )


def downgrade() -> None:
    op.drop_table('topic')
    op.drop_table('synthesis_version')
