"""split, merge, move, tags and what readers of a thread are told."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('thread', sa.Column('titles', sa.JSON(), nullable=False, server_default='{}'))
    op.add_column('thread', sa.Column('labels', sa.String(), nullable=False, server_default=''))
    op.add_column('post', sa.Column('corrections', sa.Integer(), nullable=False, server_default='0'))
    op.create_table('curation_decision',
    sa.Column('audit_id', sa.Integer(), nullable=False),
    sa.Column('undone_by_id', sa.Integer(), nullable=True),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['audit_id'], ['audit_entry.id'], name=op.f('fk_curation_decision_audit_id_audit_entry'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['undone_by_id'], ['audit_entry.id'], name=op.f('fk_curation_decision_undone_by_id_audit_entry'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('audit_id', name=op.f('pk_curation_decision'))
    )
    op.create_index('ix_curation_decision_undone_by_id', 'curation_decision', ['undone_by_id'], unique=False)
    op.create_table('curation_touch',
    sa.Column('audit_id', sa.Integer(), nullable=False),
    sa.Column('aspect', sa.String(length=64), nullable=False),
    sa.Column('row_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['audit_id'], ['curation_decision.audit_id'], name=op.f('fk_curation_touch_audit_id_curation_decision'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('audit_id', 'aspect', 'row_id', name=op.f('pk_curation_touch'))
    )
    op.create_index('ix_curation_touch_row', 'curation_touch', ['row_id', 'aspect'], unique=False)
    op.create_table('moved_message',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_moved_message_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_moved_message_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', 'message_id', name=op.f('pk_moved_message'))
    )
    op.create_index('ix_moved_message_post_id', 'moved_message', ['post_id'], unique=False)
    op.create_table('moved_content',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('content_digest', sa.String(length=64), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_moved_content_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_moved_content_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', 'content_digest', name=op.f('pk_moved_content'))
    )
    op.create_index('ix_moved_content_post_id', 'moved_content', ['post_id'], unique=False)
    op.create_table('removed_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('keyed_digest', sa.String(length=64), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('removed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_removed_message_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_removed_message_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_removed_message_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_removed_message')),
    sa.UniqueConstraint('mailing_list_id', 'keyed_digest', name=op.f('uq_removed_message_mailing_list_id_keyed_digest'))
    )
    op.create_index('ix_removed_message_post_id', 'removed_message', ['post_id'], unique=False)
    op.create_table('post_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('raw_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('edited_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_post_revision_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_revision_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['raw_id'], ['raw_message.id'], name=op.f('fk_post_revision_raw_id_raw_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_revision'))
    )
    op.create_index('ix_post_revision_post', 'post_revision', ['post_id', 'id'], unique=False)
    op.create_index('ix_post_revision_raw_id', 'post_revision', ['raw_id'], unique=False)
    op.create_table('post_report',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('reported_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('settled_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_post_report_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_report_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by_id'], ['account.id'], name=op.f('fk_post_report_settled_by_id_account'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_report')),
    sa.UniqueConstraint('post_id', 'account_id', name=op.f('uq_post_report_post_id_account_id'))
    )


def downgrade() -> None:
    for table in ('post_report', 'post_revision', 'removed_message', 'moved_content', 'moved_message', 'curation_touch', 'curation_decision'):
        op.drop_table(table)
    # Not in a batch, which would make the table anew and lose what refers to it.
    op.drop_column('post', 'corrections')
    op.drop_column('thread', 'labels')
    op.drop_column('thread', 'titles')
