/** Whoever starts igos may hand it a pipe that does not block, and write to it later: it is waited for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/fixture.ts';
import { project } from './programs.ts';
import { noTerminal } from './pseudo-terminal.ts';

/** More than one read takes. */
const N_ITEMS = 100_000;
const SOURCE = `[${' 1'.repeat(N_ITEMS)} ]`;

/** Hands over the first bytes, and the others a while after these were read. Node makes what its children inherit blocking. */
const LATE = `
import fcntl, os, subprocess, sys, termios, time
out, into = os.pipe()
os.set_blocking(out, False)
child = subprocess.Popen(sys.argv[1:], stdin=out)
text = sys.stdin.buffer.read()
os.write(into, text[:10])
while any(fcntl.ioctl(out, termios.FIONREAD, bytes(4))) and child.poll() is None:
    time.sleep(0.01)
time.sleep(0.1)
os.close(out)
try:
    with open(into, 'wb') as rest:
        rest.write(text[10:])
except BrokenPipeError:
    pass
sys.exit(child.wait())
`;

function withLateInput(t: TestContext, words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const folder = temporaryFolder(t);
  const env = { PATH: process.env['PATH'], HOME: folder, IGOS_HOME: join(folder, 'home'), NO_COLOR: '1' };
  return spawnSync('python3', ['-c', LATE, join(project, 'bin/igos'), ...words], { env, input: SOURCE, encoding: 'utf8' });
}

for (const command of ['eval', 'parse', 'fmt']) {
  test(`igos ${command} - waits for its input`, { skip: noTerminal() }, (t) => {
    const { status, stdout, stderr } = withLateInput(t, [command, '-']);
    assert.equal(status, 0, stderr);
    assert.equal(stdout.match(/\b1\b/g)?.length, N_ITEMS);
  });
}
