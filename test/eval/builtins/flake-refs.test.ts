import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from './evaluate.ts';

const rev = 'ae2e6b3958682513d28f7d633734571fb18285dd';

/** URL form → set; written back, the same URL, unless a third one is given. */
const cases: readonly (readonly [url: string, set: string, back?: string])[] = [
  ['github:a/b', '{ owner = "a"; repo = "b"; type = "github"; }'],
  ['github:a/b/x/y?dir=d', '{ dir = "d"; owner = "a"; ref = "x/y"; repo = "b"; type = "github"; }'],
  [`gitlab:a/b/${rev}?host=h.org`, `{ host = "h.org"; owner = "a"; repo = "b"; rev = "${rev}"; type = "gitlab"; }`],
  ['sourcehut:~a/b', '{ owner = "~a"; repo = "b"; type = "sourcehut"; }'],
  ['flake:nixpkgs/main', '{ id = "nixpkgs"; ref = "main"; type = "indirect"; }'],
  [`nixpkgs/main/${rev}`, `{ id = "nixpkgs"; ref = "main"; rev = "${rev}"; type = "indirect"; }`, `flake:nixpkgs/main/${rev}`],
  ['path:/a/b?lastModified=7', '{ lastModified = 7; path = "/a/b"; type = "path"; }'],
  ['/a/b?dir=c', '{ dir = "c"; path = "/a/b"; type = "path"; }', 'path:/a/b?dir=c'],
  [
    'git+https://h.org/r.git?ref=main&shallow=1&x=y',
    '{ ref = "main"; shallow = true; type = "git"; url = "https://h.org/r.git?x=y"; }',
  ],
  ['git+file:///r', '{ type = "git"; url = "file:///r"; }'],
  ['git://h.org/r', '{ type = "git"; url = "git://h.org/r"; }'],
  [
    'https://h.org/x.tar.gz?narHash=sha256-a%2Bb%3D',
    '{ narHash = "sha256-a+b="; type = "tarball"; url = "https://h.org/x.tar.gz"; }',
  ],
  ['file+https://h.org/x', '{ type = "file"; url = "https://h.org/x"; }', 'https://h.org/x'],
];

for (const [url, set, back = url] of cases) {
  test(`flake reference ${url}`, () => {
    assert.equal(evaluate(`builtins.parseFlakeRef "${url}"`), set);
    assert.equal(evaluate(`builtins.flakeRefToString ${set}`), `"${back}"`);
  });
}

test('flake references that are refused', () => {
  for (const [text, message] of [
    ['github:a', /an owner and a repository/],
    ['github:a/b/x y', /not a commit hash or a branch/],
    ['github:a/b/x?ref=y', /more than one ref or rev/],
    ['./a', /not an absolute path/],
    ['path:/a?x=1', /unsupported parameter 'x'/],
    ['gopher://a/b', /the scheme 'gopher' is not known/],
    ['github:a/b#c', /unexpected fragment 'c'/],
  ] as const) {
    assert.throws(() => evaluate(`builtins.parseFlakeRef "${text}"`), message, text);
  }
  assert.throws(() => evaluate('builtins.flakeRefToString { type = "github"; owner = "a"; repo = -1; }'), {
    message: 'negative value given for flake ref attr repo: -1',
  });
  assert.throws(() => evaluate('builtins.flakeRefToString { type = "github"; owner = "a"; }'), /'repo' .* missing/);
  assert.throws(() => evaluate('builtins.flakeRefToString { type = [ ]; }'), /attribute 'type' is a list/);
});
