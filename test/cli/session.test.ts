/** Evaluations that need what is not built yet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noSandbox, programs } from './programs.ts';

const skip = await noSandbox();

test('what was instantiated before is built, and read, by an evaluation', { skip }, (t) => {
  const own = programs(t);
  const made = `derivation { name = "made"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo made > $out" ]; }`;
  assert.equal(own.igos('instantiate', '--expr', made).status, 0);
  const { status, stdout, stderr } = own.igos('eval', '--raw', '--expr', `builtins.readFile (${made})`);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: 'made\n' }, stderr);
});
