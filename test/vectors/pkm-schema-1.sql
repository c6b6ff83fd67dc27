CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE generations (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, created_at INTEGER NOT NULL, summary TEXT NOT NULL, packages INTEGER NOT NULL);
CREATE TABLE installed (
  name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL, summary TEXT NOT NULL,
  license TEXT NOT NULL, homepage TEXT NOT NULL, origin TEXT NOT NULL CHECK (origin IN ('store', 'archive')),
  store_path TEXT, archive TEXT, archive_sha256 TEXT, reason TEXT NOT NULL CHECK (reason IN ('explicit', 'dependency')),
  provides TEXT NOT NULL, conflicts TEXT NOT NULL, supersedes TEXT NOT NULL, config TEXT NOT NULL, runtime TEXT NOT NULL,
  installed_at INTEGER NOT NULL, superseded_by TEXT, superseded_at INTEGER, from_generation INTEGER NOT NULL, PRIMARY KEY (name)) WITHOUT ROWID;
CREATE TABLE installed_past (
  name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL, summary TEXT NOT NULL,
  license TEXT NOT NULL, homepage TEXT NOT NULL, origin TEXT NOT NULL CHECK (origin IN ('store', 'archive')),
  store_path TEXT, archive TEXT, archive_sha256 TEXT, reason TEXT NOT NULL CHECK (reason IN ('explicit', 'dependency')),
  provides TEXT NOT NULL, conflicts TEXT NOT NULL, supersedes TEXT NOT NULL, config TEXT NOT NULL, runtime TEXT NOT NULL,
  installed_at INTEGER NOT NULL, superseded_by TEXT, superseded_at INTEGER, from_generation INTEGER NOT NULL, to_generation INTEGER NOT NULL);
CREATE INDEX installed_past_to ON installed_past (to_generation);
CREATE TABLE files (
  path TEXT NOT NULL, package TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('file', 'directory', 'symlink')),
  mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT, target TEXT,
  is_config INTEGER NOT NULL, was_there INTEGER NOT NULL, mtime INTEGER NOT NULL, from_generation INTEGER NOT NULL, PRIMARY KEY (path, package)) WITHOUT ROWID;
CREATE UNIQUE INDEX files_one_owner ON files (path) WHERE kind <> 'directory';
CREATE INDEX files_package ON files (package, path);
CREATE TABLE files_past (
  path TEXT NOT NULL, package TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('file', 'directory', 'symlink')),
  mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT, target TEXT,
  is_config INTEGER NOT NULL, was_there INTEGER NOT NULL, mtime INTEGER NOT NULL, from_generation INTEGER NOT NULL, to_generation INTEGER NOT NULL);
CREATE INDEX files_past_to ON files_past (to_generation);
CREATE TABLE depends (package TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (package, name)) WITHOUT ROWID;
CREATE INDEX depends_name ON depends (name);
CREATE TABLE config_files (
  path TEXT PRIMARY KEY, package TEXT NOT NULL, original_sha256 TEXT, upstream_sha256 TEXT NOT NULL,
  new_path TEXT, new_sha256 TEXT, orphaned_at INTEGER) WITHOUT ROWID;
CREATE TABLE available (
  repository TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL,
  summary TEXT NOT NULL, license TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  runtime TEXT NOT NULL, provides TEXT NOT NULL, conflicts TEXT NOT NULL, supersedes TEXT NOT NULL,
  PRIMARY KEY (repository, name)) WITHOUT ROWID;
CREATE INDEX available_sha256 ON available (sha256);
CREATE TABLE history (
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, user TEXT NOT NULL, operation TEXT NOT NULL, package TEXT,
  old_version TEXT, new_version TEXT, generation INTEGER NOT NULL, detail TEXT NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, operation TEXT NOT NULL, path TEXT NOT NULL, source TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL);
INSERT INTO settings VALUES ('current_generation', '2');
INSERT INTO settings VALUES ('history_head', '49def56d4951ead37e9f4db462803a8d085f5621dfdcb2999e7f0a291991daf7');
INSERT INTO settings VALUES ('manifests_generation', '2');
INSERT INTO settings VALUES ('owners', 'declared');
INSERT INTO settings VALUES ('repository_serial https://example.org/packages/', '1');
INSERT INTO generations VALUES (0, 'install', 1800000000, 'empty', 0);
INSERT INTO generations VALUES (1, 'install', 1800000001, 'install a 1', 1);
INSERT INTO generations VALUES (2, 'install', 1800000002, 'install a 2', 1);
INSERT INTO installed VALUES ('a', '2', 1, '', 'an a', '', '', 'store', '/igos/store/13752da9feeb-a-2', NULL, NULL, 'explicit', '[]', '[]', '[]', '[]', '[]', 1800000002, NULL, NULL, 2);
INSERT INTO installed_past VALUES ('a', '1', 1, '', 'an a', '', '', 'store', '/igos/store/a0d96b9fd91f-a-1', NULL, NULL, 'explicit', '[]', '[]', '[]', '[]', '[]', 1800000001, NULL, NULL, 1, 2);
INSERT INTO files VALUES ('etc', 'a', 'directory', 493, 0, 0, 0, NULL, NULL, 0, 0, 0, 1);
INSERT INTO files VALUES ('etc/a.conf', 'a', 'file', 420, 0, 0, 2, '3bb2abb69ebb27fbfe63c7639624c6ec5e331b841a5bc8c3ebc10b9285e90877', NULL, 1, 0, 1800000002, 2);
INSERT INTO files VALUES ('usr', 'a', 'directory', 493, 0, 0, 0, NULL, NULL, 0, 0, 0, 1);
INSERT INTO files VALUES ('usr/a', 'a', 'file', 420, 0, 0, 1, 'd4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35', NULL, 0, 0, 1800000002, 2);
INSERT INTO files_past VALUES ('usr/l', 'a', 'symlink', 511, 0, 0, 0, NULL, 'a', 0, 0, 0, 1, 2);
INSERT INTO files_past VALUES ('etc/a.conf', 'a', 'file', 420, 0, 0, 2, '73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac', NULL, 1, 0, 1800000001, 1, 2);
INSERT INTO files_past VALUES ('usr/a', 'a', 'file', 420, 0, 0, 1, '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', NULL, 0, 0, 1800000001, 1, 2);
INSERT INTO config_files VALUES ('etc/a.conf', 'a', '3bb2abb69ebb27fbfe63c7639624c6ec5e331b841a5bc8c3ebc10b9285e90877', '3bb2abb69ebb27fbfe63c7639624c6ec5e331b841a5bc8c3ebc10b9285e90877', NULL, NULL, NULL);
INSERT INTO available VALUES ('https://example.org/packages/', 'b', '2.0', 1, '', 'a b', '', 'b.igos.tar.gz', '9e78d3a282666d419d206ecf9dabc828e28c732c3e90bcea01c1154bff3f062e', 429, '["a"]', '["bee"]', '[]', '[]');
INSERT INTO history VALUES (1, 1800000001, 'tester', 'install', '', '', '', 1, '{"command":"pkm test","summary":"install a 1"}', '0000000000000000000000000000000000000000000000000000000000000000', '7c37b2eb4407a352c2a6a77e4694776bb315ba43f90f1e85980db73524c53096');
INSERT INTO history VALUES (2, 1800000001, 'tester', 'install', 'a', '', '1', 1, '', '7c37b2eb4407a352c2a6a77e4694776bb315ba43f90f1e85980db73524c53096', 'dddfd41e16c4143194c63c01a3986d9f95c215982a92eba3d43656f2968eb99c');
INSERT INTO history VALUES (3, 1800000002, 'tester', 'install', '', '', '', 2, '{"command":"pkm test","summary":"install a 2"}', 'dddfd41e16c4143194c63c01a3986d9f95c215982a92eba3d43656f2968eb99c', '40e953901a81d86275f3c130df77c8af25adea0d86a1f4eb0fe1d8a8d41d7c30');
INSERT INTO history VALUES (4, 1800000002, 'tester', 'upgrade', 'a', '1', '2', 2, '', '40e953901a81d86275f3c130df77c8af25adea0d86a1f4eb0fe1d8a8d41d7c30', '49def56d4951ead37e9f4db462803a8d085f5621dfdcb2999e7f0a291991daf7');
CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER history_no_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
PRAGMA user_version = 1;
