/** A web server over a folder, with the bad habits of web servers. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface WebServer {
  /** With a slash at the end. */
  readonly address: string;
  /** `NAME` or `NAME bytes=…` of each request so far. */
  readonly requests: string[];
  /** Answers instead of the folder where it returns true. */
  instead: ((name: string, request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Breaks the connection after so many bytes of each answer of that name, so many times. */
  breaks: { name: string; afterBytes: number; times: number } | undefined;
  ignoresRange: boolean;
}

export async function serve(t: Pick<TestContext, 'after'>, folder: string): Promise<WebServer> {
  const state: { -readonly [key in keyof WebServer]: WebServer[key] } = {
    address: '',
    requests: [],
    instead: undefined,
    breaks: undefined,
    ignoresRange: false,
  };
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url!.slice(1));
    const range = request.headers.range;
    state.requests.push(range === undefined ? name : `${name} ${range}`);
    if (state.instead?.(name, request, response) === true) return;
    const path = join(folder, name);
    if (!existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const bytes = readFileSync(path);
    const start = range === undefined || state.ignoresRange ? 0 : Number(/^bytes=(\d+)-$/.exec(range)![1]);
    if (start >= bytes.length && start > 0) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': bytes.length - start,
      ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    const { breaks } = state;
    if (breaks !== undefined && breaks.name === name && breaks.times > 0) {
      breaks.times -= 1;
      response.write(bytes.subarray(start, start + breaks.afterBytes), () => response.destroy());
    } else response.end(bytes.subarray(start));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  state.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return state;
}
