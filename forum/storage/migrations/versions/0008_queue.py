"""the rules of a list, claims and decisions about people."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

TIME = forum.storage.base.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.add_column('author', sa.Column('name_is_corrected', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('held_message', sa.Column('language', sa.String(length=64), nullable=False, server_default='und'))
    op.create_table('rule_set',
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('first_post', sa.Boolean(), nullable=False),
    sa.Column('words', sa.JSON(), nullable=False),
    sa.Column('max_links', sa.Integer(), nullable=True),
    sa.Column('max_bytes', sa.Integer(), nullable=True),
    sa.Column('max_recipients', sa.Integer(), nullable=True),
    sa.Column('languages', sa.String(), nullable=False),
    sa.Column('spam', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_rule_set_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mailing_list_id', name=op.f('pk_rule_set'))
    )
    op.create_table('sender_flag',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=True),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('flag', sa.String(length=64), nullable=False),
    sa.Column('until', TIME, nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.Column('set_at', TIME, nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_sender_flag_author_id_author'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_sender_flag_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['set_by_id'], ['account.id'], name=op.f('fk_sender_flag_set_by_id_account'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sender_flag')),
    sa.UniqueConstraint('mailing_list_id', 'author_id', name=op.f('uq_sender_flag_mailing_list_id_author_id'))
    )
    op.create_index(op.f('ix_sender_flag_author_id'), 'sender_flag', ['author_id'], unique=False)
    op.create_table('rejection_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_rejection_text_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rejection_text'))
    )
    op.create_index('ix_rejection_text_list', 'rejection_text', ['mailing_list_id', 'position'], unique=False)
    op.create_table('held_claim',
    sa.Column('held_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('until', TIME, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_held_claim_account_id_account'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['held_id'], ['held_message.id'], name=op.f('fk_held_claim_held_id_held_message'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('held_id', name=op.f('pk_held_claim'))
    )
    op.create_index(op.f('ix_held_claim_account_id'), 'held_claim', ['account_id'], unique=False)
    op.create_table('erasure',
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('erased_at', TIME, nullable=False),
    sa.Column('scanned_to', sa.Integer(), nullable=False),
    sa.Column('finished_at', TIME, nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['author.id'], name=op.f('fk_erasure_author_id_author'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('author_id', name=op.f('pk_erasure'))
    )
    op.create_table('erased_mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('keyed_digest', sa.String(length=64), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('words', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['erasure.author_id'], name=op.f('fk_erased_mark_author_id_erasure'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erased_mark')),
    sa.UniqueConstraint('keyed_digest', name=op.f('uq_erased_mark_keyed_digest'))
    )
    op.create_index(op.f('ix_erased_mark_author_id'), 'erased_mark', ['author_id'], unique=False)
    op.create_table('erasure_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('asked_at', TIME, nullable=False),
    sa.Column('confirmed_at', TIME, nullable=True),
    sa.Column('decided_at', TIME, nullable=True),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_erasure_request_account_id_account'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['account.id'], name=op.f('fk_erasure_request_decided_by_id_account'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_request'))
    )
    op.create_index(op.f('ix_erasure_request_account_id'), 'erasure_request', ['account_id'], unique=False)
    op.create_index('ix_erasure_request_waiting', 'erasure_request', ['decided_at', 'confirmed_at'], unique=False)


def downgrade() -> None:
    for table in ('erasure_request', 'erased_mark', 'erasure', 'held_claim', 'rejection_text', 'sender_flag', 'rule_set'):
        op.drop_table(table)
    # Not in a batch, which would make the table anew and lose what refers to it.
    op.drop_column('held_message', 'language')
    op.drop_column('author', 'name_is_corrected')
