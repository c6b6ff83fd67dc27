import { createReadStream, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sys } from '../../base/index.ts';
import { FetchProblem, type Received } from './receive.ts';

/** `file:///…` of this machine. @throws FetchProblem · SystemFault */
export async function fetchLocal(url: string, into: Received): Promise<void> {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    throw new FetchProblem('a file is named by an absolute path: file:///…');
  }
  const stat = sys('read', path, () => statSync(path));
  if (!stat.isFile()) throw new FetchProblem('it is not a file');
  into.expect(stat.size);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal: into.signal })) into.write(chunk as Buffer);
}
