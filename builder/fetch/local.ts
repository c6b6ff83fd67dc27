import { constants, createReadStream, openSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sys } from '../../base/index.ts';
import { FetchProblem, type Received } from './receive.ts';

/** What looks like a file may have whoever reads it wait, out of reach of Ctrl-C: the log of the kernel in /proc does. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** `file:///…` of this machine. @throws FetchProblem · SystemFault */
export async function fetchLocal(url: string, into: Received): Promise<void> {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    throw new FetchProblem('a file is named by an absolute path: file:///…');
  }
  if (path.includes('\0')) throw new FetchProblem('no path holds a zero byte');
  const stat = sys('read', path, () => statSync(path));
  if (!stat.isFile()) throw new FetchProblem('it is not a file');
  into.expect(stat.size);
  const fd = sys('read', path, () => openSync(path, READ));
  try {
    for await (const chunk of createReadStream(path, { fd, highWaterMark: 1 << 20, signal: into.signal }))
      into.write(chunk as Buffer);
  } catch (error) {
    sys('read', path, () => {
      throw error;
    });
  }
}
