/** Two users with keys, archives of both in a depot that publishes, an empty depot that downloads, and a server between them. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  Depot,
  type DownloadOptions,
  downloadArchives,
  type Layout,
  type PublishOptions,
  parseArchiveName,
  publishArchives,
} from '../../depot/index.ts';
import { keyOf, keySignerOf } from './signers.ts';

const ARCHIVES: Record<string, string> = {
  'alan/raw/face/1/face.config': 'face: round\n',
  'alan/raw/face/1/tools/run.sh': '#!/bin/sh\n',
  'alan/src/wall/1/LICENSE': 'free\n',
  'alan/src/wall/1/used_apis': 'clock/2\n',
  'alan/api/clock/2/include/clock.h': 'int clock_now(void);\n',
  'alan/bin/x86_64/wall/1/wall': 'binary',
  'alan/pkg/wall/1/README': 'A clock on the wall.\n',
  'alan/pkg/wall/1/archives': 'alan/raw/face/1\nalan/src/wall/1\nbob/pkg/frame/3\n',
  'bob/pkg/frame/3/README': 'A frame.\n',
  'bob/pkg/frame/3/archives': 'bob/raw/frame/3\n',
  'bob/raw/frame/3/frame.png': 'PNG',
  'alan/index/26.04': '<index/>\n',
};

export const ALL = [
  'alan/api/clock/2',
  'alan/bin/x86_64/wall/1',
  'alan/pkg/wall/1',
  'alan/raw/face/1',
  'alan/src/wall/1',
  'bob/pkg/frame/3',
  'bob/raw/frame/3',
];

export interface Exchange {
  readonly folder: string;
  readonly from: Depot;
  readonly to: Depot;
  /** Where `from` publishes, and what the server gives out. */
  readonly published: string;
  readonly quarantine: string;
  readonly url: string;
  /** Keys of requests, in order. */
  readonly requests: string[];
  /** What requests said of who asks. */
  readonly authorizations: (string | undefined)[];
  /** Parts of messages that are new each time. */
  readonly mask: string[];
  publish(names: readonly string[], options?: Partial<PublishOptions>): Promise<string[]>;
  download(names: readonly string[], options?: Partial<DownloadOptions>): Promise<string[]>;
}

export async function exchange(context: TestContext, layout: Layout = 'present'): Promise<Exchange> {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const [from, to] = [new Depot(join(folder, 'from'), layout), new Depot(join(folder, 'to'), layout)];
  const published = join(folder, 'published');
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = await serve(published, requests, authorizations);
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [present, content] of Object.entries(ARCHIVES)) {
    const [path, text] = layout === 'present' ? [present, content] : [asOf2017(present), content.replace(/\/(\d+)$/gm, '-$1')];
    mkdirSync(dirname(join(from.folder, path)), { recursive: true });
    writeFileSync(join(from.folder, path), text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
  }
  for (const user of ['alan', 'bob']) {
    mkdirSync(join(to.folder, user), { recursive: true });
    writeFileSync(join(to.folder, user, 'pubkey'), (await keyOf(user)).publicKey);
    writeFileSync(join(to.folder, user, 'download'), `${url}\n`);
  }
  const quarantine = join(folder, 'quarantine');
  const names = (texts: readonly string[]) => texts.map((text) => parseArchiveName(text, 'versioned'));
  return {
    folder,
    from,
    to,
    published,
    quarantine,
    url,
    requests,
    authorizations,
    mask: [],
    publish: async (texts, options = {}) =>
      (
        await publishArchives(names(texts), {
          depot: from,
          publicFolder: published,
          jobs: 2,
          signerOf: (user) => keySignerOf(folder, user),
          ...options,
        })
      ).map(({ file }) => file.slice(published.length + 1)),
    download: async (texts, options = {}) =>
      (
        await downloadArchives(names(texts), { depot: to, publicFolder: quarantine, jobs: 2, now: aSecondFromNow(), ...options })
      ).map((archive) => to.path(archive).slice(to.folder.length + 1)),
  };
}

// The version is the first part that is a number.
const asOf2017 = (path: string): string => path.replace(/\/(\d+)\//, '-$1/');

// Keys are as young as the test.
const aSecondFromNow = () => new Date(Date.now() + 1000);

function serve(folder: string, requests: string[], authorizations: (string | undefined)[]): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    requests.push(path.slice(1));
    authorizations.push(request.headers.authorization);
    const file = join(folder, path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    const bytes = readFileSync(file);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start === 0) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    response
      .writeHead(206, {
        'content-length': bytes.length - start,
        'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
      })
      .end(bytes.subarray(start));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
