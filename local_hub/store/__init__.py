"""What the hub remembers: SQLite tables, migrations, waiting secrets, retention."""
