"""glossary, saved searches, the text of attachments."""

import sqlalchemy as sa
from alembic import op
import forum.storage.base

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('glossary_concept',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mailing_list_id', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('changed_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mailing_list_id'], ['mailing_list.id'], name=op.f('fk_glossary_concept_mailing_list_id_mailing_list'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_glossary_concept'))
    )
    op.create_index('ix_glossary_concept_mailing_list_id', 'glossary_concept', ['mailing_list_id'])
    op.create_table('glossary_term',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('concept_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=64), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['concept_id'], ['glossary_concept.id'], name=op.f('fk_glossary_term_concept_id_glossary_concept'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_glossary_term')),
    sa.UniqueConstraint('concept_id', 'language', 'text', name=op.f('uq_glossary_term_concept_id_language_text'))
    )
    op.create_index('ix_glossary_term_key', 'glossary_term', ['key'])
    op.create_table('saved_search',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('told', sa.String(length=64), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('seen_to', sa.Integer(), nullable=False),
    sa.Column('told_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('created_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_saved_search_account_id_account'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_search')),
    sa.UniqueConstraint('account_id', 'text', name=op.f('uq_saved_search_account_id_text')),
    sa.UniqueConstraint('token', name=op.f('uq_saved_search_token'))
    )
    op.create_index('ix_saved_search_told', 'saved_search', ['told'])
    op.create_table('attachment_text',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('index', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=64), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('made_at', forum.storage.base.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_attachment_text_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'index', name=op.f('pk_attachment_text'))
    )


def downgrade() -> None:
    op.drop_table('attachment_text')
    op.drop_table('saved_search')
    op.drop_table('glossary_term')
    op.drop_table('glossary_concept')
