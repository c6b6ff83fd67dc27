/**
 * What a hostile build does: run by the tests as they are, and again as a user without rights (then a program of its own, which prints
 * what it found as JSON).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { textToBytes } from '../../base/index.ts';
import { probeSandbox, type RealizeOptions, realize } from '../../builder/index.ts';
import { fixedOutput, type ObjectStore, openStore, type StorePath } from '../../store/index.ts';
import { addDerivation, type DerivationSpec, rootOf, storeDir, toolsLayer } from './support.ts';

export interface Outside {
  /** Folder of the store. */
  readonly home: string;
  /** The compiled `escape.c`. */
  readonly program: string;
  readonly port: number;
  readonly socketName: string;
  /** Files that no build may read. */
  readonly hostPath: string;
  /** How long what a build leaves running would sleep: a number of this run alone, by which it is found. */
  readonly sleepSeconds: number;
}

export interface Findings {
  /** What the program said. */
  readonly attempts: readonly string[];
  /** The same, with the machine's network. */
  readonly networked: readonly string[];
  /** Name → how the build ended. */
  readonly endings: Readonly<Record<string, string>>;
  /** Files in scratch and what is damaged in the store, afterwards. */
  readonly leftovers: readonly string[];
}

export async function tryEscapes(outside: Outside): Promise<Findings> {
  using store = openStore({ home: outside.home, storeDir });
  const build = await builderOf(store, outside);
  const call = 'escape $port $socket $pid $input $hostPath > $out 2>&1';
  const attempts = await build.text('escape', { script: call });
  const networked = await build.text('escape-net', {
    script:
      'escape $port $socket $pid $input $hostPath > /build/said; : > $out; while read -r line; do echo "$line"; done < /build/said',
    fixed: fixedOutput('escape-net', 'flat', { algorithm: 'sha256', hex: EMPTY_SHA256 }, storeDir),
  });
  const endings: Record<string, string> = {};
  for (const [name, spec] of Object.entries(OUTPUTS)) endings[name] = await build.ending(name, spec);
  endings['many-tasks'] = await build.ending('many-tasks', MANY, { limits: { maxTasks: 50 } });
  endings['fork-bomb'] = await build.ending('fork-bomb', BOMB, { limits: { maxTasks: 50, timeoutMs: 60_000 } });
  endings['memory-hog'] = await build.ending('memory-hog', HOG, { limits: { maxMemoryBytes: 64 << 20, timeoutMs: 60_000 } });
  const leftovers = [
    ...readdirSync(`${outside.home}/tmp`),
    ...store.verify({ contents: true }).map((problem) => JSON.stringify(problem)),
  ];
  return { attempts, networked, endings, leftovers };
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Outputs that try to be more than files, folders and links. */
const OUTPUTS: Readonly<Record<string, Partial<DerivationSpec>>> = {
  setuid: { script: 'mkdir $out; cp /usr/bin/id $out/id; chmod 6755 $out/id; chmod 7777 $out' },
  fifo: { script: 'mkdir $out; mkfifo $out/pipe' },
  device: { script: 'mkdir $out; mknod $out/null c 1 3' },
  'link-to-etc': { script: 'ln -s /etc $out' },
  'link-up': { script: 'mkdir $out; ln -s ../../../../../../etc/passwd $out/up; ln -s /proc/1/root $out/root' },
  'link-to-input': { script: 'mkdir $out; ln $input $out/hard' },
  'other-name': { script: ': > $out; echo more > /igos/store/00000000000000000000000000000000-other' },
  'out-of-store': { script: ': > $out; (echo x > /igos/store/../evil) 2>/dev/null || echo refused' },
  swapping: {
    // Goes on swapping a file for a link until it is killed.
    script:
      'mkdir $out; echo good > $out/file; (setsid sh -c "while :; do ln -sfn /etc $out/x; rm -f $out/x; echo good > $out/x; done" > /dev/null 2>&1 < /dev/null &) ; sleep 0.2',
  },
  daemon: {
    script: '(setsid sh -c "(sleep $sleepSeconds &) ; sleep $sleepSeconds" > /dev/null 2>&1 < /dev/null &); sleep 0.1; : > $out',
  },
  // Without root whoever started it is of its user.
  'signals-group': { script: 'trap "" TERM; kill -TERM 0; sleep 0.2; : > $out' },
  locked: {
    script: 'mkdir $out; echo x > $out/f; chmod 0 $out/f $out; mkdir /build/locked; : > /build/locked/f; chmod 0 /build/locked',
  },
};

const MANY: Partial<DerivationSpec> = {
  script: 'i=0; while [ $i -lt 60 ]; do sleep 100 & i=$((i+1)); done; : > $out',
};
const BOMB: Partial<DerivationSpec> = { script: 'bomb() { bomb | bomb & }; bomb; sleep 0.5; bomb; : > $out' };
const HOG: Partial<DerivationSpec> = {
  script: 'x=0123456789abcdef; while [ ${#x} -lt 1000000000 ]; do x=$x$x; done; echo ${#x} > $out',
};

async function builderOf(store: ObjectStore, outside: Outside) {
  const tools = toolsLayer(store, 'mkdir', 'cp', 'id', 'chmod', 'mkfifo', 'mknod', 'ln', 'rm', 'sleep', 'setsid');
  const program = store.addTree('escape', [{ kind: 'file', path: 'usr/bin/escape', realPath: textToBytes(outside.program) }]);
  const [input] = store.addTexts([{ name: 'input', text: 'content of the input', references: [] }]);
  const igosRoot = rootOf({ name: 'tools', path: tools }, { name: 'escape', path: program });
  const env = {
    igosRoot,
    input: input!,
    port: String(outside.port),
    socket: outside.socketName,
    pid: String(process.pid),
    hostPath: outside.hostPath,
    sleepSeconds: String(outside.sleepSeconds),
  };
  const run = async (name: string, spec: Partial<DerivationSpec>, options: RealizeOptions): Promise<StorePath> => {
    const drvPath = addDerivation(store, { name, ...spec, env, sources: [tools, program, input!] });
    const result = await realize(store, [{ drvPath, outputs: [] }], options);
    return result.outputs.get(drvPath)!.get('out')!;
  };
  return {
    text: async (name: string, spec: Partial<DerivationSpec>): Promise<string[]> => {
      const lines: string[] = [];
      const path = await run(name, spec, {
        onEvent: (event) => {
          if (event.kind === 'log') lines.push(event.line);
        },
      });
      return [...lines, ...readFileSync(store.toReal(path), 'utf8').split('\n')].filter((line) => line !== '');
    },
    ending: async (name: string, spec: Partial<DerivationSpec>, options: RealizeOptions = {}): Promise<string> => {
      const notes: string[] = [];
      const onEvent: RealizeOptions['onEvent'] = (event) => {
        if (event.kind === 'lacking') notes.push(`${event.text}: `);
      };
      try {
        const path = await run(name, spec, { ...options, onEvent });
        return `${notes.join('')}built ${describe(store, path)}`;
      } catch (error) {
        const { code, message, notes: more } = error as { code?: string; message: string; notes?: readonly string[] };
        return `${notes.join('')}${code} ${message} ${(more ?? []).join(' ')}`;
      }
    },
  };
}

const describe = (store: ObjectStore, path: StorePath): string =>
  store
    .manifest(path)
    .map((entry) => `${entry.path}:${entry.kind}${entry.kind === 'symlink' ? `→${entry.target}` : ''}`)
    .join(' ');

if (import.meta.main) {
  const { fault } = probeSandbox();
  process.stdout.write(
    JSON.stringify(fault === undefined ? await tryEscapes(JSON.parse(process.argv[2]!) as Outside) : { skip: fault.message }),
  );
}
