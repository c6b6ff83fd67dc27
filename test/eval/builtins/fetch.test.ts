/** `fetchurl` and `fetchTarball` without a hash: impure evaluation asks for what is there, pure evaluation refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../../base/index.ts';
import type { UrlRequest } from '../../../eval/io.ts';
import { parseStorePath } from '../../../store/index.ts';
import { MemoryIO } from '../memory-io.ts';
import { evaluate, interpreter } from './evaluate.ts';

const path = parseStorePath('/nix/store/0nwbqb9l4vmcifs7p3flff3fk6wvz0hh-source', '/nix/store');

function asking(): { io: MemoryIO; asked: UrlRequest[] } {
  const asked: UrlRequest[] = [];
  const io = new MemoryIO({
    files: { [`${path}/default.nix`]: '42', [`${path}/sub/x.nix`]: '43' },
    fetchUrl: (request) => {
      asked.push(request);
      if (request.url.includes('missing')) throw new Fault('E-EVAL-141', 'not there');
      return { path, digest: { algorithm: 'sha256', hex: '0'.repeat(64) } };
    },
  });
  return { io, asked };
}

const cases: readonly (readonly [expression: string, request: UrlRequest])[] = [
  [
    'builtins.fetchurl "https://example.org/a/x.tar.gz"',
    { url: 'https://example.org/a/x.tar.gz', name: 'x.tar.gz', isTree: false },
  ],
  [
    'builtins.fetchurl { url = "https://example.org/x"; name = "y"; }',
    { url: 'https://example.org/x', name: 'y', isTree: false },
  ],
  ['fetchTarball "https://example.org/x.tar.gz"', { url: 'https://example.org/x.tar.gz', name: 'source', isTree: true }],
  [
    'fetchTarball { url = "channel:nixos-24.11"; name = "n"; }',
    { url: 'https://nixos.org/channels/nixos-24.11/nixexprs.tar.xz', name: 'n', isTree: true },
  ],
];

for (const [expression, request] of cases) {
  test(`impure: ${expression}`, () => {
    const { io, asked } = asking();
    assert.equal(evaluate(expression, interpreter(io)), `"${path}"`);
    assert.deepEqual(asked, [request]);
    assert.equal(evaluate(`builtins.getContext (${expression})`, interpreter(io)), `{ "${path}" = { path = true; }; }`);
  });
}

test('what was fetched can be imported', () => {
  const { io } = asking();
  assert.equal(evaluate('import (fetchTarball "https://example.org/x.tar.gz")', interpreter(io)), '42');
});

test('what has a hash is not fetched while evaluating', () => {
  const { io, asked } = asking();
  evaluate(`fetchTarball { url = "https://example.org/x"; sha256 = "${'0'.repeat(52)}"; }`, interpreter(io));
  assert.deepEqual(asked, []);
});

test('pure evaluation asks for nothing without a hash', () => {
  const { io, asked } = asking();
  for (const [expression] of cases) {
    assert.throws(
      () => evaluate(expression, interpreter(io, { pure: true })),
      /in pure evaluation mode, '.*' requires a 'sha256' argument/,
    );
  }
  assert.deepEqual(asked, []);
});

test('entries of the search path may be addresses', () => {
  const { io, asked } = asking();
  const searchPath = [
    { prefix: 'a', path: 'https://example.org/missing.tar.gz' },
    { prefix: 'a', path: 'channel:nixos-24.11' },
  ];
  const nix = interpreter(io, { searchPath });
  assert.equal(evaluate('[ <a> (import <a>) (import <a/sub/x.nix>) ]', nix), `[ ${path} 42 43 ]`);
  assert.deepEqual(
    new Set(asked.map(({ url }) => url)),
    new Set(['https://example.org/missing.tar.gz', 'https://nixos.org/channels/nixos-24.11/nixexprs.tar.xz']),
  );
  assert.deepEqual(io.traces, [
    "warning: Nix search path entry 'https://example.org/missing.tar.gz' cannot be downloaded, ignoring",
  ]);
  assert.throws(() => evaluate('<a/none>', nix), /was not found in the Nix search path/);
  assert.throws(
    () => evaluate('<a>', interpreter(io, { searchPath, pure: true })),
    /in pure evaluation mode, the search path entry/,
  );
});
