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
    // A repository may offer several versions of a package; what is known of the repository itself was scattered over settings.
    number: 2,
    sql: `
      CREATE TABLE repositories (
        address TEXT PRIMARY KEY, name TEXT NOT NULL, mirrors TEXT NOT NULL, priority INTEGER NOT NULL, serial INTEGER NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, synced_at INTEGER NOT NULL, packages INTEGER NOT NULL,
        key_id TEXT NOT NULL, signature TEXT NOT NULL) WITHOUT ROWID;
      INSERT INTO repositories
        SELECT substr(key, 19), '', '[]', 100, CAST(value AS INTEGER), 0, 0, 0,
          (SELECT count(*) FROM available WHERE repository = substr(key, 19)), '', ''
        FROM settings WHERE substr(key, 1, 18) = 'repository_serial ';
      DELETE FROM settings WHERE substr(key, 1, 18) = 'repository_serial ';
      ALTER TABLE available RENAME TO available_1;
      DROP INDEX available_sha256;
      CREATE TABLE available (
        repository TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL,
        summary TEXT NOT NULL, license TEXT NOT NULL, homepage TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
        size INTEGER NOT NULL, installed_size INTEGER NOT NULL, runtime TEXT NOT NULL, provides TEXT NOT NULL,
        conflicts TEXT NOT NULL, supersedes TEXT NOT NULL, privileged TEXT NOT NULL,
        PRIMARY KEY (repository, name, version, release)) WITHOUT ROWID;
      INSERT INTO available
        SELECT repository, name, version, release, tier, summary, license, '', file, sha256, size, 0, runtime, provides, conflicts,
          supersedes, '[]' FROM available_1;
      DROP TABLE available_1;
      CREATE INDEX available_sha256 ON available (sha256);
      CREATE INDEX available_name ON available (name);
      ALTER TABLE files ADD COLUMN capability TEXT;
      ALTER TABLE files_past ADD COLUMN capability TEXT;`,
  },
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
  {
    // Text manifests say more: all are written anew.
    number: 32,
    sql: "UPDATE settings SET value = '-1' WHERE key = 'manifests_generation';",
  },
  {
    // One index instead of two that each row has to be put into and taken out of: what came after a generation is asked package by package.
    number: 33,
    sql: `
      DROP INDEX files_from;
      DROP INDEX files_package;
      CREATE INDEX files_package ON files (package, from_generation);`,
  },
  {
    // The rows of a package stand together, by their age: they come and go so. One index has all paths: of a directory one for each
    // owner, of all else one. Where each row had its place by its path, and two indexes, moving those of a package took half as long again.
    number: 34,
    sql: `
      ALTER TABLE files RENAME TO files_33;
      DROP INDEX files_one_owner;
      DROP INDEX files_package;
      CREATE TABLE files (
        path TEXT NOT NULL, package TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('file', 'directory', 'symlink')),
        mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT, target TEXT,
        is_config INTEGER NOT NULL, was_there INTEGER NOT NULL, mtime INTEGER NOT NULL, from_generation INTEGER NOT NULL,
        capability TEXT, PRIMARY KEY (package, from_generation, path)) WITHOUT ROWID;
      INSERT INTO files
        SELECT path, package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime, from_generation, capability
        FROM files_33 ORDER BY package, from_generation, path;
      DROP TABLE files_33;
      CREATE UNIQUE INDEX files_path ON files (path, CASE kind WHEN 'directory' THEN package ELSE '' END);`,
  },
  {
    // Of thousands of owners of a directory, the first that wants more than 0755 of root says how it stands: hardly any does.
    number: 35,
    sql: `
      CREATE INDEX files_odd ON files (path, package) WHERE kind = 'directory' AND (mode <> 493 OR uid <> 0 OR gid <> 0);`,
  },
  {
    // What a repository calls itself: an index of another one that the same key signed is not taken for its own.
    number: 36,
    sql: `
      ALTER TABLE repositories ADD COLUMN identity TEXT NOT NULL DEFAULT '';`,
  },
];
