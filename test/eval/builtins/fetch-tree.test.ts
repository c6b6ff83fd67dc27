/** `fetchTree` of archives: pinned they are derivations; else impure evaluation fetches what is there, and pure evaluation refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../base/index.ts';
import { parseStorePath } from '../../../store/index.ts';
import { MemoryIO } from '../memory-io.ts';
import { evaluate, interpreter } from './evaluate.ts';

const path = parseStorePath('/nix/store/0nwbqb9l4vmcifs7p3flff3fk6wvz0hh-source', '/nix/store');
const hash = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const rev = 'ae2e6b3958682513d28f7d633734571fb18285dd';
const modified = 1_704_164_645;

interface Net {
  readonly io: MemoryIO;
  /** Addresses of trees end in `/`. */
  readonly asked: string[];
}

/** Archives everywhere, and these files. */
function net(files: Readonly<Record<string, string>> = {}, lastModified: number = modified): Net {
  const asked: string[] = [];
  const io = new MemoryIO({
    files: { [`${path}/default.nix`]: '42' },
    fetchUrl: ({ url, name, isTree }) => {
      assert.equal(name, 'source');
      asked.push(url + (isTree ? '/' : ''));
      const digest = { algorithm: 'sha256', hex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' } as const;
      if (isTree) return { path, digest, lastModified };
      const content = files[url];
      if (content === undefined) throw new Fault('E-EVAL-141', 'not there');
      const file = parseStorePath(`/nix/store/${'0'.repeat(31)}${asked.length}-source`, '/nix/store');
      io.files.set(file, content);
      return { path: file, digest };
    },
  });
  return { io, asked };
}

const known = (
  more: string,
  lastModified: string = `lastModified = ${modified}; lastModifiedDate = "20240102030405"; `,
): string => `{ ${lastModified}narHash = "${hash}"; outPath = "${path}"; ${more}}`;
const ofCommit = known(`rev = "${rev}"; shortRev = "ae2e6b3"; `);

test('impure: an archive without a hash', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['"https://h/x.tar.gz"', known('')],
    ['{ type = "tarball"; url = "https://h/x.tar.gz"; }', known('')],
    [`{ type = "tarball"; url = "https://h/x.tar.gz"; rev = "${rev}"; }`, ofCommit],
    [
      '{ type = "tarball"; url = "https://h/x.tar.gz"; lastModified = 1; revCount = 7; }',
      known('revCount = 7; ', 'lastModified = 1; lastModifiedDate = "19700101000001"; '),
    ],
  ];
  for (const [argument, expected] of cases) {
    const { io, asked } = net();
    assert.equal(evaluate(`fetchTree ${argument}`, interpreter(io)), expected);
    assert.deepEqual(asked, ['https://h/x.tar.gz/'], argument);
  }
  const timeless = net({}, 0).io;
  assert.equal(evaluate('fetchTree "https://h/x.tar.gz"', interpreter(timeless)), known('', ''));
  const { io } = net();
  assert.equal(evaluate('import (fetchTree "https://h/x.tar.gz")', interpreter(io)), '42');
  assert.equal(
    evaluate('builtins.getContext (fetchTree "https://h/x.tar.gz").outPath', interpreter(io)),
    `{ "${path}" = { path = true; }; }`,
  );
});

test('impure: a file is a tree of one file, by the hash of its NAR', () => {
  const { io, asked } = net({ 'https://h/x': 'content' });
  const tree = evaluate('fetchTree { type = "file"; url = "https://h/x"; }', interpreter(io));
  assert.match(tree, /^\{ narHash = "sha256-[^"]*"; outPath = "\/nix\/store\/[^"]*-source"; \}$/);
  assert.deepEqual(asked, ['https://h/x']);
});

test('impure: a commit of a forge', () => {
  const cases: readonly (readonly [argument: string, url: string])[] = [
    [`"github:a/b/${rev}"`, `https://github.com/a/b/archive/${rev}.tar.gz`],
    [
      `{ type = "github"; owner = "a"; repo = "b"; rev = "${rev.toUpperCase()}"; }`,
      `https://github.com/a/b/archive/${rev}.tar.gz`,
    ],
    [`"github:a/b/${rev}?host=git.h"`, `https://git.h/api/v3/repos/a/b/tarball/${rev}`],
    [
      `{ type = "gitlab"; owner = "a/c"; repo = "b"; rev = "${rev}"; host = "git.h"; }`,
      `https://git.h/api/v4/projects/a%2Fc%2Fb/repository/archive.tar.gz?sha=${rev}`,
    ],
    [`"sourcehut:~a/b/${rev}"`, `https://git.sr.ht/~a/b/archive/${rev}.tar.gz`],
  ];
  for (const [argument, url] of cases) {
    const { io, asked } = net();
    assert.equal(evaluate(`fetchTree ${argument}`, interpreter(io)), ofCommit);
    assert.deepEqual(asked, [`${url}/`], argument);
  }
});

const REFS = `${'1'.repeat(40)}\trefs/heads/maintenance\n${rev}\trefs/heads/main\n${'2'.repeat(40)}\trefs/tags/v1\n`;
const answers: Readonly<Record<string, string>> = {
  'https://api.github.com/repos/a/b/commits/HEAD': `{ "sha": "${rev}", "commit": { } }`,
  'https://api.github.com/repos/a/b/commits/x/y%2Bz': `{ "sha": "${rev}" }`,
  'https://api.github.com/repos/a/b/commits/odd': '{ "sha": "../../x" }',
  'https://api.github.com/repos/a/b/commits/page': '<html>',
  'https://git.h/api/v3/repos/a/b/commits/HEAD': `{ "sha": "${rev}" }`,
  'https://gitlab.com/api/v4/projects/a%2Fb/repository/commits?ref_name=HEAD': `[ { "id": "${rev}" }, { "id": "x" } ]`,
  'https://gitlab.com/api/v4/projects/a%2Fb/repository/commits?ref_name=none': '[]',
  'https://git.sr.ht/~a/b/HEAD': 'ref: refs/heads/main\n',
  'https://git.sr.ht/~a/b/info/refs': REFS,
};

test('impure: what a branch of a forge is now', () => {
  const cases: readonly (readonly [ref: string, nAsked: number])[] = [
    ['github:a/b', 2],
    ['github:a/b/x/y+z', 2],
    ['github:a/b?host=git.h', 2],
    ['gitlab:a/b', 2],
    ['sourcehut:~a/b', 3],
    ['sourcehut:~a/b/main', 2],
  ];
  for (const [ref, nAsked] of cases) {
    const { io, asked } = net(answers);
    assert.equal(evaluate(`fetchTree "${ref}"`, interpreter(io)), ofCommit, ref);
    assert.equal(asked.length, nAsked, ref);
    assert.match(asked.at(-1)!, new RegExp(`${rev}.*/$`));
  }
  const { io, asked } = net(answers);
  const pinned = `removeAttrs (fetchTree "github:a/b?narHash=${encodeURIComponent(hash)}") [ "outPath" ]`;
  assert.equal(evaluate(pinned, interpreter(io)), `{ narHash = "${hash}"; rev = "${rev}"; shortRev = "ae2e6b3"; }`);
  assert.deepEqual(asked, ['https://api.github.com/repos/a/b/commits/HEAD']);
  for (const ref of ['github:a/b/odd', 'github:a/b/page', 'gitlab:a/b/none', 'sourcehut:~a/b/m.*']) {
    const name = ref.split('/').at(-1)!;
    assert.throws(
      () =>
        evaluate(
          `fetchTree { type = "${ref.split(':')[0]}"; owner = "${ref.split(/[:/]/)[1]}"; repo = "b"; ref = "${name}"; }`,
          interpreter(net(answers).io),
        ),
      name.includes('*') ? /an invalid branch/ : new RegExp(`in '${ref}', couldn't find ref '${name}'`),
    );
  }
  assert.throws(() => evaluate('fetchTree "sourcehut:~a/b/mai"', interpreter(net(answers).io)), /couldn't find ref 'mai'/);
  assert.throws(() => evaluate('fetchTree "github:a/none"', interpreter(net(answers).io)), /not there/);
});

test('pure evaluation asks for nothing without a hash', () => {
  const { io, asked } = net(answers);
  const refused: readonly (readonly [argument: string, input: string, hint: string])[] = [
    ['"https://h/x.tar.gz"', 'https://h/x.tar.gz', 'add narHash, or evaluate with --impure'],
    ['{ type = "file"; url = "https://h/x"; }', 'https://h/x', 'add narHash, or evaluate with --impure'],
    [`"github:a/b/${rev}"`, `github:a/b/${rev}`, 'add narHash, or evaluate with --impure'],
    ['"gitlab:a/b"', 'gitlab:a/b', 'add rev and narHash, or evaluate with --impure'],
    [`"github:a/b?narHash=${encodeURIComponent(hash)}"`, 'github:a/b?narHash=', 'add rev, or evaluate with --impure'],
  ];
  for (const [argument, input, hint] of refused) {
    assert.throws(
      () => evaluate(`fetchTree ${argument}`, interpreter(io, { pure: true })),
      (error) =>
        error instanceof Fault &&
        error.message.startsWith(`in pure evaluation mode, 'fetchTree' doesn't fetch unlocked input '${input}`) &&
        error.hints[0] === hint,
      argument,
    );
  }
  assert.deepEqual(asked, []);
});

test('inputs of forges that are refused', () => {
  const refused: readonly (readonly [attributes: string, message: RegExp])[] = [
    [`owner = "a"; rev = "${rev}";`, /input attribute 'repo' is missing/],
    [`owner = "a/../.."; repo = "b"; rev = "${rev}";`, /'a\/\.\.\/\.\.' cannot be part of the address/],
    ['owner = "a"; repo = "b"; rev = "main";', /hash 'main' has wrong length for hash algorithm 'sha1'/],
    [
      `owner = "a"; repo = "b"; ref = "m"; rev = "${rev}";`,
      /input \{"owner":"a","ref":"m","repo":"b","rev":"ae2e6b.*","type":"github"\} contains both a commit hash \('ae2e6b.*'\) and a branch\/tag name \('m'\)/,
    ],
    ['owner = "a"; repo = "b"; ref = "-o";', /contains an invalid branch\/tag name/],
    ['owner = "a"; repo = "b"; host = "h/x?";', /contains an invalid instance host/],
  ];
  for (const [attributes, message] of refused)
    assert.throws(() => evaluate(`fetchTree { type = "github"; ${attributes} }`, interpreter(net().io)), message, attributes);
});

test('fetchTree of an archive is a derivation that is fetched when needed', () => {
  const hash = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
  const rev = 'ae2e6b3958682513d28f7d633734571fb18285dd';
  const run = (expression: string): string => evaluate(expression, interpreter(undefined, { pure: true }));
  const tarball = `builtins.fetchTarball { url = "https://github.com/a/b/archive/${rev}.tar.gz"; sha256 = "${hash}"; }`;
  assert.equal(
    run(
      `(builtins.fetchTree { type = "github"; owner = "a"; repo = "b"; rev = "${rev}"; narHash = "${hash}"; }).outPath == ${tarball}`,
    ),
    'true',
  );
  assert.equal(
    run(`removeAttrs (builtins.fetchTree "github:a/b/${rev}?narHash=${encodeURIComponent(hash)}") [ "outPath" ]`),
    `{ narHash = "${hash}"; rev = "${rev}"; shortRev = "ae2e6b3"; }`,
  );
});
