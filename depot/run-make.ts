import { spawn } from 'node:child_process';
import { endedAtEnd, Fault } from '../base/index.ts';
import type { DepotCode } from './codes.ts';

/** Longest part of a log that is kept, from its end. */
const KEPT_LOG = 1 << 16;

export interface MakeResult {
  /** 0, another number, or the name of a signal. */
  readonly status: number | string;
  /** End of what was printed, safe to show. */
  readonly log: readonly string[];
}

/**
 * Runs GNU make without what a make above us may have said to it. Where a signal ends us, it and all that it started end before.
 *
 * @throws Fault E-DEPOT-009 there is no make
 */
export function runMake(args: readonly string[]): Promise<MakeResult> {
  return new Promise((resolve, reject) => {
    const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
    const child = spawn('make', args, { env: { ...env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const group = child.pid === undefined ? undefined : endedAtEnd(child.pid);
    let log = '';
    const keep = (data: Buffer): void => {
      log = (log + data.toString('utf8')).slice(-KEPT_LOG);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (cause) =>
      reject(
        new Fault('E-DEPOT-009' satisfies DepotCode, `'make' could not be started: ${cause.message}`, {
          hints: ['install GNU make (Debian: make)'],
        }),
      ),
    );
    child.on('close', (code, signal) => {
      group?.[Symbol.dispose]();
      resolve({ status: code ?? signal ?? 'an unknown signal', log: log.trimEnd().split('\n').slice(-20).map(printable) });
    });
  });
}

const printable = (line: string): string => line.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '?');
