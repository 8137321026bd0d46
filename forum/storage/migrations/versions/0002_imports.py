"""imports, quarantine and old addresses."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('import_source',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('after_post_id', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('started_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('finished_at', forum.storage.base.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_import_source_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_source'))
    )
    with op.batch_alter_table('import_source', schema=None) as batch_op:
        batch_op.create_index('ix_import_source_path', ['mailing_list_id', 'path'], unique=False)

    op.create_table('quarantined_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('compressed', sa.LargeBinary(), nullable=False),
    sa.Column('file', sa.String(), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('arrived_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.Column('found_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_quarantined_message_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quarantined_message')),
    sa.UniqueConstraint('mailing_list_id', 'sha256', name=op.f('uq_quarantined_message_mailing_list_id_sha256'))
    )
    op.create_table('old_address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_old_address_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_old_address_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_old_address')),
    sa.UniqueConstraint('mailing_list_id', 'key', name=op.f('uq_old_address_mailing_list_id_key'))
    )
    with op.batch_alter_table('old_address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_old_address_key'), ['key'], unique=False)
        batch_op.create_index(batch_op.f('ix_old_address_post_id'), ['post_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('old_address', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_old_address_post_id'))
        batch_op.drop_index(batch_op.f('ix_old_address_key'))

    op.drop_table('old_address')
    op.drop_table('quarantined_message')
    with op.batch_alter_table('import_source', schema=None) as batch_op:
        batch_op.drop_index('ix_import_source_path')

    op.drop_table('import_source')
