"""what a reader has read, drafts; indexes that answer alone."""

from alembic import op

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


def downgrade() -> None:
    replace_indexes(NARROW)
