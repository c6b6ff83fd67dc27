/**
 * A pi-gen tree as declarations: a stage is a tier, a sub-stage a package that takes the tree so far as its source and gives the
 * tree afterwards. So a change re-runs what comes behind it, and nothing else: neither `CLEAN=1` nor `SKIP` is needed for that.
 */
import { Fault, SourceFile, shellWord } from '../../base/index.ts';
import { format } from '../../lang/index.ts';
import { Folder } from '../folder.ts';
import type { Imported } from '../imported.ts';
import { reference } from '../names.ts';
import { type Finding, type ImportReport, renderReport } from '../report.ts';
import { toFile, writeComment, writeData, writeList, writeName, writePath, writeString, writeText } from '../written.ts';
import { HELPERS } from './helpers.ts';
import { readDefaults, readShellConfig } from './shell-config.ts';
import { readStage, type Stage, type SubStage } from './stage.ts';

export interface PiGenOptions {
  /** Texts of further configuration files (`-c`), in order; a later one wins. */
  readonly configs?: readonly { readonly name: string; readonly text: string }[];
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9+._-]*$/;
/** Paths of the machine, and what pi-gen computes anew every time. */
const OWN = new Set([
  'WORK_DIR',
  'DEPLOY_DIR',
  'BASE_DIR',
  'SCRIPT_DIR',
  'LOG_FILE',
  'IMG_DATE',
  'IMG_FILENAME',
  'ARCHIVE_FILENAME',
  'GIT_HASH',
  'CLEAN',
  'STAGE_LIST',
  'QUILT_PATCHES',
]);
const PRERUN =
  /^if \[ ! -d "?\$\{?ROOTFS_DIR\}?"? \](?: \|\| \[ "?\$\{?USE_QCOW2\}?"? = "1" \])?; then copy_previous fi$|^copy_previous$/;

/** @throws Fault E-IMPORT-001, 002, 004, 005, 007 */
export function importPiGen(path: string, shown: string = path, options: PiGenOptions = {}): Imported {
  const folder = new Folder(path, shown);
  const findings: Finding[] = [];
  const find = (kind: Finding['kind'], about: string, text: string, name?: string): void => {
    findings.push({ kind, about, text, ...(name === undefined ? {} : { name }) });
  };
  if (folder.kindOf('build.sh') !== 'file') throw notPiGen(shown, 'build.sh');
  const config = readConfig();
  const stages = stagePaths().map((each) => readStage(folder, each));
  if (stages.length === 0) throw notPiGen(shown, 'stage*');
  const files = new Map<string, { data: Uint8Array; isExecutable?: boolean }>();
  const tiers: { name: string; summary: string; after: readonly string[]; nPackages: number }[] = [];
  const declared = new Map<string, string>();
  const systems: string[] = [];
  /** What each export ends in, by stage and kind. */
  const systemsEnd = new Map<string, string>();
  const version = /^[A-Za-z0-9][A-Za-z0-9+._?=-]*$/.test(config.get('RELEASE') ?? '') ? config.get('RELEASE')! : '1';
  tiers.push({ name: 'machine', summary: 'What is taken from the machine that builds', after: [], nPackages: 1 });
  const ends = declareStages();
  declareExports(ends);
  writeFixed();
  const report: ImportReport = {
    from: 'pi-gen',
    nPackages: declared.size + 1,
    tiers: tiers.map(({ name, nPackages }) => ({ name, nPackages })),
    edges: { build: declared.size, host: 0, runtime: 0, supersedes: 0 },
    styles: { custom: declared.size, hostTools: 1 },
    nFiles: files.size + 1,
    findings,
  };
  files.set('IMPORT.md', { data: toFile(renderReport(report)) });
  return { files, report };

  function readConfig(): ReadonlyMap<string, string> {
    const parts = folder.kindOf('config') === 'file' ? [{ name: 'config', text: folder.text('config') }] : [];
    let values: ReadonlyMap<string, string> = new Map();
    for (const { name, text } of [...parts, ...(options.configs ?? [])]) {
      const read = readShellConfig(text, values);
      values = read.values;
      for (const line of read.others)
        find('lost', name, `'${line}' is run by pi-gen, and cannot be understood without running it`);
    }
    const all = readDefaults(folder.text('build.sh'), values);
    checkConfig(all);
    return all;
  }

  function checkConfig(values: ReadonlyMap<string, string>): void {
    if ((values.get('IMG_NAME') ?? '') === '') find('missing', 'IMG_NAME', 'is not set, and pi-gen does not start without it');
    const user = values.get('FIRST_USER_NAME');
    if (user !== undefined && !/^[a-z][-a-z0-9_]*$/.test(user))
      find('odd', 'FIRST_USER_NAME', `'${user}' is no name of a user; pi-gen stops`);
    const password = values.get('WPA_PASSWORD') ?? '';
    if (password !== '' && (password.length < 8 || password.length > 63))
      find('odd', 'WPA_PASSWORD', 'has not 8 to 63 characters; pi-gen stops');
    if (values.get('PUBKEY_ONLY_SSH') === '1' && (values.get('PUBKEY_SSH_FIRST_USER') ?? '') === '') {
      find('odd', 'PUBKEY_ONLY_SSH', 'is 1 without PUBKEY_SSH_FIRST_USER; pi-gen stops');
    }
    if (values.get('DISABLE_FIRST_BOOT_USER_RENAME') === '1' && (values.get('FIRST_USER_PASS') ?? '') === '') {
      find('odd', 'DISABLE_FIRST_BOOT_USER_RENAME', 'is 1 without FIRST_USER_PASS; pi-gen stops');
    }
    for (const name of ['IMG_DATE', 'GIT_HASH']) {
      if (!values.has(name))
        find('changed', name, 'comes from the clock or the checkout in pi-gen: a build sees neither, set it in config.nix');
    }
  }

  /** `STAGE_LIST`, or all folders `stage*` in bytewise order. */
  function stagePaths(): readonly string[] {
    const list = config.get('STAGE_LIST');
    if (list === undefined) {
      const names = folder.names('');
      const found = names.filter((name) => name.startsWith('stage') && folder.kindOf(name) === 'folder');
      for (const name of names) {
        if (name.startsWith('stage') && folder.kindOf(name) !== 'folder') find('odd', name, 'is no folder; pi-gen stops at it');
      }
      const numbers = found.map((name) => Number(/^stage(\d+)$/.exec(name)?.[1] ?? Number.NaN));
      if (numbers.some((number, index) => index > 0 && number < numbers[index - 1]!)) {
        find('odd', 'stage*', `stages come in the order of their letters, not of their numbers: ${found.join(', ')}`);
      }
      return found;
    }
    return list
      .split(/\s+/)
      .filter((each) => each !== '')
      .map((entry) => {
        const inside = entry.startsWith(`${path}/`) ? entry.slice(path.length + 1) : entry;
        const clean = inside.replace(/^\.\/+/, '').replace(/\/+$/, '');
        if (clean.startsWith('/') || clean.split('/').includes('..') || folder.kindOf(clean) !== 'folder') {
          throw new Fault('E-IMPORT-004', `STAGE_LIST names '${entry}', which is no folder of '${shown}'`, {
            hints: ['put the stage into the tree'],
          });
        }
        return clean;
      });
  }

  /** Name of the package that is the outcome of each stage. */
  function declareStages(): ReadonlyMap<Stage, string | undefined> {
    const outcome = new Map<Stage, string | undefined>();
    let previous: string | undefined;
    let before: Stage | undefined;
    for (const stage of stages) {
      requireName(stage.name, stage.path);
      if (stage.isSkipped) {
        find('changed', 'SKIP', 'is for not building a stage again: here its packages are taken from the store', stage.name);
        if (before === undefined)
          find('odd', 'SKIP', 'the first stage is skipped: pi-gen needs its rootfs from an earlier run', stage.name);
      }
      previous = declareStage(stage, {
        tier: stage.name,
        prefix: stage.name,
        previous,
        after: before?.name,
        meta: stage.isSkipped ? { skipped: true } : {},
        env: before === undefined ? {} : { PREV_STAGE: before.name },
      });
      outcome.set(stage, previous);
      before = stage;
    }
    return outcome;
  }

  interface Place {
    readonly tier: string;
    readonly prefix: string;
    readonly previous: string | undefined;
    readonly after: string | undefined;
    readonly meta: Readonly<Record<string, unknown>>;
    readonly env: Readonly<Record<string, string>>;
    /** Shell text before the steps. */
    readonly first?: string;
  }

  /** Declares the sub-stages of a stage one after the other, and returns the last of them. */
  function declareStage(stage: Stage, place: Place): string | undefined {
    for (const { file, why } of stage.ignored) find('unknown', file, why, stage.name);
    let { previous } = place;
    let nPackages = 0;
    const declareOne = (name: string, sub: SubStage | undefined, isSkipped: boolean): void => {
      const full = `${place.prefix}-${name}`;
      const from = sub?.path ?? `${stage.path}/prerun.sh`;
      const before = declared.get(full);
      if (before !== undefined)
        throw new Fault('E-IMPORT-005', `'${full}' is the name of two packages: in '${before}' and '${from}'`);
      declared.set(full, from);
      nPackages++;
      const text = sub === undefined ? prerunText(stage, place) : stepsText(stage, sub, place);
      writePackage({ name: full, stage, file: name, sub, text, previous, place, isSkipped });
      if (!isSkipped) previous = full;
    };
    if (stage.prerun !== undefined && !PRERUN.test(plain(stage.prerun))) declareOne('prerun', undefined, false);
    for (const sub of stage.subStages) {
      for (const { file, why } of sub.ignored) find('unknown', file, why, `${stage.name}/${sub.name}`);
      if (sub.steps.length === 0 && !sub.isSkipped) continue;
      requireName(sub.name, sub.path);
      if (sub.isSkipped)
        find(
          'changed',
          'SKIP',
          'the sub-stage is not run: its package is declared, and nothing builds on it',
          `${stage.name}/${sub.name}`,
        );
      declareOne(sub.name, sub, sub.isSkipped);
    }
    takeFiles(stage);
    const known = tiers.find(({ name }) => name === place.tier);
    if (known === undefined) {
      const after = [place.after ?? 'machine'];
      tiers.push({ name: place.tier, summary: `${stage.name} of pi-gen`, after, nPackages });
    } else known.nPackages += nPackages;
    return previous;
  }

  function stepsText(stage: Stage, sub: SubStage, place: Place): string {
    const lines = sub.steps.map((step) => {
      switch (step.kind) {
        case 'debconf':
        case 'patches':
          return `${step.kind} ${step.file}`;
        case 'packages':
        case 'packages-nr': {
          const words = [...(step.kind === 'packages-nr' ? ['--no-install-recommends'] : []), ...step.names.map(shellWord)];
          return step.names.length === 0 ? `# ${step.file} names nothing` : `packages ${words.join(' ')}`;
        }
        case 'run':
          return `./${step.file}`;
        case 'run-chroot':
          return `on_chroot <${step.file}`;
        default:
          return step satisfies never;
      }
    });
    return [
      'export BASH_ENV=@HELPERS@',
      '. "$BASH_ENV"',
      ...(place.first === undefined ? [] : [place.first]),
      ...stageFiles(stage, sub.path),
      'begin @FOLDER@',
      ...lines,
      'finish',
    ].join('\n');
  }

  function prerunText(stage: Stage, place: Place): string {
    return [
      'export BASH_ENV=@HELPERS@',
      '. "$BASH_ENV"',
      ...(place.first === undefined ? [] : [place.first]),
      ...stageFiles(stage, stage.path, stage.prerun),
      'cd "$STAGE_DIR"',
      '@PRERUN@',
      'finish',
    ].join('\n');
  }

  /** What the scripts of a folder read of the stage around it. */
  function stageFiles(stage: Stage, below: string, text?: string): readonly string[] {
    const scripts =
      text === undefined
        ? folder
            .filesBelow(below)
            .filter((name) => /\.sh$/.test(name))
            .map((name) => folder.text(`${below}/${name}`))
        : [text, folder.kindOf('scripts/common') === 'file' ? folder.text('scripts/common') : ''];
    const all = scripts.join('\n');
    const used = new Set([...all.matchAll(/\$\{?STAGE_DIR\}?"?\/([A-Za-z0-9._+-]+)/g)].map((match) => match[1]!));
    return [...used]
      .filter((name) => folder.kindOf(`${stage.path}/${name}`) !== undefined)
      .map((name) => `stage_files ${name} @STAGE@${name}@`);
  }

  function writePackage(input: {
    name: string;
    stage: Stage;
    file: string;
    sub: SubStage | undefined;
    text: string;
    previous: string | undefined;
    place: Place;
    isSkipped: boolean;
  }): void {
    const { name, stage, file, sub, previous, place, isSkipped } = input;
    const base = `../files/${stage.path}`;
    const codes = new Map<string, string>([
      ['@HELPERS@', '../pi-gen.sh'],
      ['@FOLDER@', writePath(`${base}/${file}`)],
    ]);
    const parts = input.text.split(/(@HELPERS@|@FOLDER@|@PRERUN@|@(?:STAGE|FILE)@[^@]+@)/).map((part, index) => {
      if (index % 2 === 0) return part;
      if (part === '@PRERUN@') return { code: writePath(`${base}/prerun.sh`) };
      if (part.startsWith('@FILE@')) return { code: writePath(`../files/${part.slice('@FILE@'.length, -1)}`) };
      return { code: codes.get(part) ?? writePath(`${base}/${part.slice('@STAGE@'.length, -1)}`) };
    });
    const env = { STAGE: stage.name, ...place.env };
    const apt = sub?.steps.flatMap((step) => (step.kind === 'packages' ? step.names : [])) ?? [];
    const bare = sub?.steps.flatMap((step) => (step.kind === 'packages-nr' ? step.names : [])) ?? [];
    const meta = {
      ...place.meta,
      ...(isSkipped ? { skipped: true } : {}),
      ...(apt.length === 0 ? {} : { debianPackages: apt }),
      ...(bare.length === 0 ? {} : { debianPackagesWithoutRecommends: bare }),
    };
    const text = [
      `package ${writeName(name)} ${writeString(version)} {\n`,
      `  tier = ${/^[A-Za-z_][A-Za-z0-9_-]*$/.test(place.tier) ? place.tier : writeString(place.tier)};\n`,
      `  summary = ${writeString(sub === undefined ? `prerun.sh of ${stage.name}` : `${sub.name} of ${stage.name}`)};\n`,
      previous === undefined ? '' : `\n  # The tree so far.\n  source = ${reference(previous)};\n`,
      '\n  build = [ host-tools ];\n\n  style = custom;\n',
      `  phases.install = ${writeText(parts, '  ')};\n`,
      `  env = import ../config.nix // ${writeData(env, '  ')};\n`,
      '  tidy = false;\n',
      Object.keys(meta).length === 0 ? '' : `\n  meta = ${writeData(meta, '  ')};\n`,
      '}\n',
    ].join('');
    put(`${place.tier}/${name}.igos`, text);
  }

  /** The folders of the stage, as they are. */
  function takeFiles(stage: Stage): void {
    const others: string[] = [];
    for (const file of folder.filesBelow(stage.path, others)) {
      const from = `${stage.path}/${file}`;
      files.set(`files/${from}`, { data: folder.data(from), isExecutable: folder.isExecutable(from) });
    }
    for (const file of others) find('missing', file, 'is a link or a special file, which is not followed', stage.name);
  }

  function declareExports(ends: ReadonlyMap<Stage, string | undefined>): void {
    for (const stage of stages) {
      for (const kind of stage.exports) {
        const marker = `EXPORT_${kind}`;
        if (kind === 'NOOBS' && !stage.exports.includes('IMAGE')) {
          find('unknown', marker, 'is looked at only beside EXPORT_IMAGE', stage.name);
          continue;
        }
        if (stage.skipsImages) {
          find('changed', 'SKIP_IMAGES', `${marker} is not made: no system stands for it`, stage.name);
          continue;
        }
        if (stage.isSkipped) {
          find(
            'odd',
            'SKIP',
            `${marker} without SKIP_IMAGES: pi-gen exports a stage that it does not build, from a rootfs that may not be there; no system stands for it`,
            stage.name,
          );
          continue;
        }
        const place = `export-${kind.toLowerCase()}`;
        if (kind === 'NOOBS' && config.get('USE_QEMU') === '1')
          find('changed', marker, 'is not made with USE_QEMU=1', stage.name);
        else declareExport(stage, kind, place, ends.get(stage));
      }
    }
  }

  function declareExport(stage: Stage, kind: string, place: string, from: string | undefined): void {
    const marker = `EXPORT_${kind}`;
    const said = readShellConfig(folder.text(`${stage.path}/${marker}`), config);
    const suffix = said.values.get('IMG_SUFFIX') ?? '';
    let last = from;
    if (folder.kindOf(place) === 'folder') {
      const source = kind === 'NOOBS' ? (systemsEnd.get(`${stage.name}-IMAGE`) ?? from) : from;
      last = declareStage(readStage(folder, place), {
        tier: place,
        prefix: `${place}-${stage.name}`,
        previous: source,
        after: stages.at(-1)!.name,
        meta: { exports: stage.name },
        env: { EXPORT_DIR: stage.name },
        first: `. @FILE@${stage.path}/${marker}@`,
      });
    } else find('missing', marker, `there is no folder '${place}' that says how`, stage.name);
    if (last === undefined) return;
    systemsEnd.set(`${stage.name}-${kind}`, last);
    const image = kind === 'NOOBS' ? (said.values.get('NOOBS_NAME') ?? suffix) : `${config.get('IMG_NAME') ?? 'image'}${suffix}`;
    systems.push(
      `system ${writeName(`${stage.name}-${kind.toLowerCase()}`)} {\n  summary = ${writeString(`${marker} of ${stage.name}: ${image}`)};\n  packages = ${writeList([{ text: reference(last) }], '  ')};\n}\n`,
    );
  }

  function writeFixed(): void {
    const values = Object.fromEntries(
      [...config].filter(([name]) => !OWN.has(name) && /^[A-Z][A-Z0-9_]*$/.test(name)).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    put('config.nix', `# The variables of config and the defaults of build.sh.\n${writeData(values, '')}\n`);
    put(
      'tree.igos',
      `tree {\n  name = ${writeString((config.get('IMG_NAME') ?? 'pi-gen').replace(/[^A-Za-z0-9+._ -]/g, '-'))};\n  include = ${writeList(
        ['*.igos', ...tiers.map(({ name: tier }) => `${tier}/*.igos`)].map((each) => ({ text: writeString(each) })),
        '  ',
      )};\n}\n`,
    );
    put(
      'tiers.igos',
      tiers
        .map(
          ({ name, summary, after }) =>
            `tier ${writeName(name)} {\n  summary = ${writeString(summary)};\n${
              after.length === 0
                ? '  ships = false;\n'
                : `  after = ${writeList(
                    after.map((text) => ({ text: writeName(text) })),
                    '  ',
                  )};\n`
            }}\n`,
        )
        .join('\n'),
    );
    if (systems.length > 0) put('systems.igos', systems.join('\n'));
    files.set('pi-gen.sh', { data: toFile(HELPERS) });
    const depends =
      folder.kindOf('depends') === 'file'
        ? folder
            .text('depends')
            .split(/\s+/)
            .filter((line) => line !== '')
            .map((line) => line.replace(/:.*$/, ''))
        : [];
    const note =
      depends.length === 0
        ? ''
        : writeComment(`pi-gen's \`depends\` names: ${depends.join(' ')}.\nAdd those that the scripts of the stages call.`, '  ');
    put(
      'machine/host-tools.igos',
      `package host-tools "1" {\n  tier = machine;\n  summary = "Programs of this machine that run the scripts of the stages";\n\n${note}  style = hostTools {\n    tools = ${writeList(
        TOOLS.map((tool) => ({ text: writeString(tool) })),
        '    ',
      )};\n  };\n}\n`,
    );
    if (depends.length > 0)
      find('changed', 'depends', 'is a comment in machine/host-tools.igos: builds see the programs named there, and no others');
    find(
      'lost',
      'root',
      'pi-gen runs as root: chroot, mounts, loop devices, owners and modes of the rootfs. A build has no privileges, and the store keeps neither owners nor setuid',
    );
    find(
      'lost',
      'network',
      'debootstrap and apt-get ask the network; a build sees none. What they install stands in meta.debianPackages',
    );
    find(
      'changed',
      'CLEAN',
      'a sub-stage is made again when it, its configuration or what comes before it changed; pi-gen runs every script again, on top of the old tree',
    );
    if (folder.kindOf('postrun.sh') === 'file') find('lost', 'postrun.sh', 'runs after all exports, outside of every stage');
  }

  function put(name: string, text: string): void {
    const source = new SourceFile(name, Buffer.from(text, 'utf8').toString('latin1'));
    const { text: out, diagnostics } = format(source, name.endsWith('.nix') ? 'nix' : 'igos');
    if (diagnostics.length > 0) throw diagnostics[0]!;
    files.set(name, { data: Buffer.from(out, 'latin1') });
  }

  function requireName(name: string, where: string): void {
    if (NAME.test(name)) return;
    throw new Fault('E-IMPORT-004', `'${name}' cannot be part of a name, in '${where}'`, {
      hints: ['letters, digits, + . _ and - only: rename the folder'],
    });
  }
}

const TOOLS = ['bash', 'cat', 'chmod', 'cp', 'grep', 'install', 'ln', 'mkdir', 'mv', 'rm', 'sed', 'sh', 'tee', 'touch'];

/** Without comments and blanks. */
const plain = (text: string): string => text.replace(/^#.*$/gm, '').replace(/\s+/g, ' ').trim();

const notPiGen = (shown: string, what: string): Fault =>
  new Fault('E-IMPORT-001', `'${shown}' has no ${what}`, { hints: ['name the folder with build.sh and stage0, stage1, …'] });
