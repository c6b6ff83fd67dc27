/**
 * `igosOutputs`: what a package says of its outputs, beyond what always holds.
 *
 * @source docs/decisions/0002-package-derivations.md
 */
import { type Bytes, bytesToText, suggest } from '../base/index.ts';
import type { Derivation } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { rootLinks } from './layers.ts';

export interface OutputRules {
  /** Paths below a root, or patterns; each must be in some output. */
  readonly verify: readonly Bytes[];
  readonly isTidied: boolean;
  readonly references: 'report' | 'fail' | 'allow';
}

/** @throws Fault E-BUILD-008 */
export function readOutputRules(drv: Derivation): OutputRules {
  const text = drv.env.get('igosOutputs');
  if (text === undefined) return { verify: [], isTidied: true, references: 'report' };
  let rules: { verify?: unknown; tidy?: unknown; references?: unknown } | null;
  try {
    rules = JSON.parse(text);
  } catch {
    throw badRules(drv, 'it is no JSON');
  }
  if (rules === null || typeof rules !== 'object' || Array.isArray(rules)) throw badRules(drv, 'it is no object');
  const { verify = [], tidy = true, references = 'report' } = rules;
  if (!Array.isArray(verify) || !verify.every((path) => typeof path === 'string'))
    throw badRules(drv, "'verify' is no list of paths");
  if (typeof tidy !== 'boolean') throw badRules(drv, "'tidy' is not true or false");
  if (references !== 'report' && references !== 'fail' && references !== 'allow')
    throw badRules(drv, "'references' is none of report, fail and allow");
  return { verify, isTidied: tidy, references };
}

const badRules = (drv: Derivation, reason: string) =>
  buildFault('E-BUILD-008', `bad 'igosOutputs' of '${drv.name}': ${reason}`, {
    hints: [`write it like {"verify":["usr/bin/x"],"tidy":true,"references":"fail"}, or declare a package`],
  });

/**
 * Links to folders are followed inside of the outputs, but a link at the end of a path counts as there whatever it points to.
 *
 * @param found  all that the outputs hold; of links, where to. @throws Fault E-BUILD-040 something is not among it
 */
export function verifyPaths(drvName: string, verify: readonly Bytes[], found: ReadonlyMap<Bytes, Bytes | undefined>): void {
  const paths = [...found.keys()];
  const missing = verify.filter((wanted) => {
    const path = canonical(wanted);
    return !found.has(followFolders(path, found)) && !(/[*?[]/.test(path) && matches(path, paths));
  });
  if (missing.length === 0) return;
  const names = missing.map((path) => `'${bytesToText(path)}'`).join(', ');
  const elsewhere = missing.flatMap((wanted) => {
    const [folder, name] = splitPath(canonical(wanted));
    const near = (): Bytes | undefined => {
      const beside = suggest(
        name,
        paths.map(splitPath).flatMap(([other, each]) => (other === folder ? [each] : [])),
      );
      return beside === undefined ? undefined : [folder, beside].filter((part) => part !== '').join('/');
    };
    const instead = paths.find((path) => path.endsWith(`/${name}`)) ?? near();
    return instead === undefined ? [] : [`there is '${bytesToText(instead)}'`];
  });
  throw buildFault(
    'E-BUILD-040',
    `the build of '${drvName}' ended well, but ${names} ${missing.length === 1 ? 'is' : 'are'} not there`,
    {
      hints: [...elsewhere.slice(0, 3), "let the install phase make it, or take it out of 'verifyPaths'"],
    },
  );
}

/** Folder and name. */
const splitPath = (path: Bytes): [Bytes, Bytes] => {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
};

/** Without slashes too many, and below `usr` where every root has a link there. */
function canonical(path: Bytes): Bytes {
  const steps = path.split('/').filter((step) => step !== '' && step !== '.');
  const link = rootLinks.get(steps[0] ?? '');
  return [...(link === undefined ? steps.slice(0, 1) : [link]), ...steps.slice(1)].join('/');
}

const MAX_LINKS = 40;

/** The path with the links among its folders resolved, as in a root that holds nothing else. */
function followFolders(path: Bytes, found: ReadonlyMap<Bytes, Bytes | undefined>): Bytes {
  let rest = path.split('/');
  let at: string[] = [];
  for (let nLinks = 0; rest.length > 0; ) {
    const [step, ...further] = rest as [string, ...string[]];
    rest = further;
    if (step === '' || step === '.') continue;
    if (step === '..') {
      at.pop();
      continue;
    }
    const target = further.length === 0 ? undefined : found.get([...at, step].join('/'));
    if (target === undefined) at.push(step);
    else if (++nLinks > MAX_LINKS) return path;
    else {
      rest = [...target.split('/'), ...further];
      if (target.startsWith('/')) at = [];
    }
  }
  return canonical(at.join('/'));
}

function matches(pattern: Bytes, paths: readonly Bytes[]): boolean {
  const source = pattern.replace(/\*\*\/|\*+|\?|\[!?[^\]/]+\]|[^*?[]+|\[/g, (part) => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part[0] === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 2 && part[0] === '[') return `[${part.slice(1, -1).replace(/^!/, '^').replace(/\\/g, '\\\\')}]`;
    return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`, 's');
  } catch {
    return false; // an impossible range
  }
  return paths.some((path) => expression.test(path));
}

/** @throws Fault E-BUILD-041 */
export const leakFault = (drvName: string, lines: readonly string[]) =>
  buildFault('E-BUILD-041', `the build of '${drvName}' left paths in its output that exist only during a build`, {
    notes: [lines.join('\n')],
    hints: [
      'take the file away, or write the path anew, in phases.fixup',
      `references = "report" builds all the same, references = "allow" says that they do no harm`,
    ],
  });
