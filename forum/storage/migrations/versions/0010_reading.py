"""what a reader has read, drafts; indexes that answer alone."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


NARROW = {
    'ix_post_thread': ['thread_id', 'position'],
    'ix_post_date': ['mailing_list_id', 'date'],
}
WIDE = {
    'ix_post_thread': ['thread_id', 'position', 'state', 'author_id', 'author_name'],
    'ix_post_date': ['mailing_list_id', 'date', 'thread_id', 'state', 'language', 'author_id', 'author_name'],
}


def replace_indexes(indexes: dict[str, list[str]]) -> None:
    for name, columns in indexes.items():
        op.drop_index(name, table_name='post')
        op.create_index(name, 'post', columns)


def upgrade() -> None:
    replace_indexes(WIDE)
    op.create_table('list_mark',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_list_mark_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_list_mark_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'mailing_list_id', name=op.f('pk_list_mark'))
    )
    op.create_index('ix_list_mark_mailing_list_id', 'list_mark', ['mailing_list_id'])
    op.create_table('thread_mark',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_thread_mark_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_thread_mark_thread_id_thread'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'thread_id', name=op.f('pk_thread_mark'))
    )
    op.create_index('ix_thread_mark_thread_id', 'thread_mark', ['thread_id'])
    op.create_table('draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=True),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('changed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_draft_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['thread.id'], name=op.f('fk_draft_thread_id_thread'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['parent_id'], ['post.id'], name=op.f('fk_draft_parent_id_post'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    op.create_index('ix_draft_account', 'draft', ['account_id', 'mailing_list_id', 'thread_id'])
    for column in ('mailing_list_id', 'thread_id', 'parent_id'):
        op.create_index(f'ix_draft_{column}', 'draft', [column])
    op.create_table('thumbnail',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('index', sa.Integer(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('webp', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_thumbnail_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'index', name=op.f('pk_thumbnail'))
    )


def downgrade() -> None:
    op.drop_table('thumbnail')
    op.drop_table('draft')
    op.drop_table('thread_mark')
    op.drop_table('list_mark')
    replace_indexes(NARROW)
