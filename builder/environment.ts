/**
 * What a builder finds in its environment and in its folder.
 *
 * @source docs/builder.md §3
 */
import type { Bytes } from '../base/index.ts';
import { type Derivation, formatHash, hashBytes, placeholder, rewritePlaceholders, type StorePath } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { type Json, structuredAttrs } from './structured-attrs.ts';

/** The folder of every build, as it sees it: one path for all makes most packages the same bytes wherever they are built. */
export const buildFolder = '/build';

/** Linux passes no string of this many bytes or more to a program (MAX_ARG_STRLEN), its end included. */
const MAX_STRING_BYTES = 128 * 1024;

export interface BuildInput {
  readonly builder: Bytes;
  readonly args: readonly Bytes[];
  readonly environment: ReadonlyMap<string, Bytes>;
  /** Names in the build folder → content. */
  readonly files: ReadonlyMap<string, Bytes>;
}

export interface EnvironmentOptions {
  readonly storeDir: string;
  readonly cores: number;
  /** Where each output is to be made, as the builder sees it. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** Values for `impureEnvVars` of a fixed-output build. */
  readonly impure: ReadonlyMap<string, string>;
  /** Files and structured attributes that come on top: graphs of references. */
  readonly graphs?: { readonly files: ReadonlyMap<string, Bytes>; readonly attributes: ReadonlyMap<string, Json> };
}

/**
 * Program, arguments, variables and files of a resolved derivation, its own output placeholders replaced.
 *
 * @throws Fault E-BUILD-008 broken `__json` · E-BUILD-009 a variable is too long
 */
export function buildInput(drv: Derivation, options: EnvironmentOptions): BuildInput {
  const isComposed = drv.env.has('igosRoot');
  const places = new Map([...options.outputs].map(([output, path]) => [placeholder(output), path]));
  const rewrite = (text: Bytes): Bytes => rewritePlaceholders(text, places);
  const environment = new Map<string, Bytes>(isComposed ? composedDefaults : plainDefaults);
  environment.set('NIX_STORE', options.storeDir);
  environment.set('NIX_BUILD_CORES', String(options.cores));
  const files = new Map<string, Bytes>(options.graphs?.files);

  const json = drv.env.get('__json');
  if (json !== undefined) {
    const attrs = structuredAttrs(rewrite(json), options.outputs, options.graphs?.attributes);
    files.set('.attrs.json', attrs.json);
    files.set('.attrs.sh', attrs.sh);
    environment.set('NIX_ATTRS_JSON_FILE', `${buildFolder}/.attrs.json`);
    environment.set('NIX_ATTRS_SH_FILE', `${buildFolder}/.attrs.sh`);
  } else {
    const asFiles = new Set(words(drv.env.get('passAsFile')));
    for (const [name, value] of drv.env) {
      // The layers are the root itself: their store paths do not exist in it, and must not get into what is built.
      if (name === 'igosRoot' || name === 'igosOutputs' || name === 'igosMemory') continue;
      if (asFiles.has(name)) {
        const file = `.attr-${formatHash({ algorithm: 'sha256', hex: hashBytes('sha256', Buffer.from(name, 'latin1')) }, 'nix32')}`;
        files.set(file, rewrite(value));
        environment.set(`${name}Path`, `${buildFolder}/${file}`);
      } else environment.set(name, rewrite(value));
    }
    for (const [output, path] of options.outputs) environment.set(output, path);
  }

  for (const name of folderVariables) environment.set(name, buildFolder);
  environment.set('NIX_LOG_FD', '2');
  environment.set('TERM', 'xterm-256color');
  if (drv.outputs.get('out')?.kind === 'fixed') {
    environment.set('NIX_OUTPUT_CHECKED', '1');
    for (const name of words(drv.env.get('impureEnvVars'))) environment.set(name, options.impure.get(name) ?? '');
  }
  const input = { builder: rewrite(drv.builder), args: drv.args.map(rewrite), environment, files };
  checkLengths(drv.name, input);
  return input;
}

const folderVariables = ['NIX_BUILD_TOP', 'TMPDIR', 'TEMPDIR', 'TMP', 'TEMP', 'PWD'];

const plainDefaults: readonly (readonly [string, Bytes])[] = [
  ['PATH', '/path-not-set'],
  ['HOME', '/homeless-shelter'],
];

/** 315619200: 2 January 1980, so that it is no earlier than what a zip file can hold (the first of that year) in any time zone. */
const composedDefaults: readonly (readonly [string, Bytes])[] = [
  ['PATH', '/usr/bin:/usr/sbin'],
  ['HOME', '/homeless-shelter'],
  ['LC_ALL', 'C'],
  ['TZ', 'UTC'],
  ['SOURCE_DATE_EPOCH', '315619200'],
  // Sets and maps of these languages come out in the same order in every build.
  ['PYTHONHASHSEED', '0'],
  ['PERL_HASH_SEED', '0'],
];

export const words = (text: Bytes | undefined): string[] => (text ?? '').split(/[ \t\n]+/).filter((word) => word !== '');

function checkLengths(drvName: string, input: BuildInput): void {
  for (const [name, value] of input.environment) {
    if (name.length + value.length + 2 <= MAX_STRING_BYTES) continue;
    throw buildFault(
      'E-BUILD-009',
      `the variable '${name}' of '${drvName}' has ${value.length} bytes, Linux passes at most ${MAX_STRING_BYTES}`,
      {
        hints: [`pass it as a file: passAsFile = [ "${name}" ], and read the file that $${name}Path names`],
      },
    );
  }
  const long = input.args.findIndex((arg) => arg.length >= MAX_STRING_BYTES);
  if (long === -1) return;
  throw buildFault(
    'E-BUILD-009',
    `argument ${long + 1} of the builder of '${drvName}' has ${input.args[long]!.length} bytes, Linux passes at most ${MAX_STRING_BYTES}`,
    {
      hints: ['move the text into an attribute and pass it as a file: passAsFile = [ "text" ]'],
    },
  );
}
