/**
 * Steps from one schema of the database to the next. A new database is made by `schema.ts` as number 1 and goes through all of
 * them too, so that an old and a new one end up alike. Numbers may have gaps; a step is never changed once it was released.
 */
export interface Migration {
  /** `PRAGMA user_version` after it. */
  readonly number: number;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    // Pins are the admin's wish, not a part of a generation: a rollback does not bring an old one back.
    number: 3,
    sql: `
      CREATE TABLE holds (name TEXT PRIMARY KEY, time INTEGER NOT NULL, user TEXT NOT NULL) WITHOUT ROWID;`,
  },
  {
    // Atomic roots: the folder below `generations/` that a generation shows. NULL where files are placed one by one.
    // What came after a generation is found without a scan of all files: a rollback costs its difference.
    number: 30,
    sql: `
      ALTER TABLE generations ADD COLUMN tree INTEGER;
      CREATE INDEX files_from ON files (from_generation);`,
  },
  {
    number: 31,
    sql: `
      ALTER TABLE installed ADD COLUMN triggers TEXT NOT NULL DEFAULT '[]';
      ALTER TABLE installed_past ADD COLUMN triggers TEXT NOT NULL DEFAULT '[]';
      CREATE TABLE pending_triggers (
        seq INTEGER PRIMARY KEY, generation INTEGER NOT NULL, operation TEXT NOT NULL, package TEXT NOT NULL, name TEXT NOT NULL,
        run TEXT NOT NULL, fatal INTEGER NOT NULL, matched TEXT NOT NULL);`,
  },
];
