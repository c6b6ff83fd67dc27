/** Declared packages, built, as archives of a depot. */
import { closeSync, openSync, readSync } from 'node:fs';
import { bytesToText, sys } from '../base/index.ts';
import { archivePackages, formatArchiveName, type PackageForDepot, type VersionedName } from '../depot/index.ts';
import { writeArchive } from '../pkm/index.ts';
import { encodeDerivation } from '../store/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import type { DepotWords } from './depot-words.ts';
import { imagesOf, type Wanted } from './images.ts';
import { machineSystem, openSession } from './session.ts';
import { packagesForOthers, splitOperand, Trees } from './targets.ts';

/** Builds what the operands `TREE#NAME` name, with what it needs at run time, and puts it into the depot of `--user`. @returns package archives that were asked for */
export async function createFromTrees(
  context: Context,
  args: Arguments,
  words: DepotWords,
  operands: readonly string[],
): Promise<VersionedName[]> {
  const user = args.value('user');
  if (user === undefined)
    throw new UsageError('packages of a tree need --user USER: whose archives they become', ["run 'igos depot create --help'"]);
  using session = openSession(context, args, { isReadOnly: false });
  const trees = new Trees(session);
  const wanted = operands.flatMap((operand): Wanted[] => {
    const named = splitOperand(operand);
    const tree = trees.open(named.path);
    return packagesForOthers(tree, named, 'igos depot create').map((info) => ({ tree, info }));
  });
  const images = await imagesOf(context, args, session, wanted);
  const byName = new Map(images.map((image) => [image.name, image]));
  const infos = new Map(
    wanted.flatMap(({ tree, info }) => tree.runtimeClosure([info]).map((each) => [each.name, { tree, info: each }])),
  );
  const packages = images.map((image): PackageForDepot => {
    const { tree, info } = infos.get(image.name)!;
    const closure = tree
      .runtimeClosure([info])
      .map(({ name }) => name)
      .filter((name) => name !== image.name && byName.has(name));
    const { summary, homepage, license, runtime, provides, conflicts, supersedes, tier, release } = image;
    const about = {
      name: image.name,
      version: image.version,
      release,
      tier,
      summary,
      homepage,
      license,
      runtime,
      provides,
      conflicts,
      supersedes,
    };
    return {
      name: image.name,
      version: image.version,
      readme: `${image.name} ${image.version}\n\n${summary}\n${homepage === '' ? '' : `\n${homepage}\n`}`,
      source: new Map([
        ['LICENSE', `${license === '' ? 'not stated' : license}\n`],
        ['package.json', `${JSON.stringify(about, undefined, 2)}\n`],
        ...(info.drvPath === undefined
          ? []
          : [['package.drv', bytesToText(encodeDerivation(session.store.readDerivation(info.drvPath)))] as const]),
      ]),
      closure,
      isData: !image.entries.some((entry) => entry.kind === 'file' && holdsMachineCode(image.contentPath(entry))),
      writeBinary: (file) => writeArchive(image, file),
    };
  });
  const made = await archivePackages(packages, {
    depot: words.depot,
    user,
    // x86_64-linux: what runs the programs, not what they run on.
    arch: (args.value('system') ?? machineSystem()).split('-')[0]!,
    onCreated: (archive) => {
      if (!context.isJson) context.out.line(`created ${formatArchiveName(archive)}`);
    },
  });
  return wanted.map(({ info }) => made.get(info.name)!);
}

const ELF = Buffer.from('\x7fELF', 'latin1');

/** Programs, libraries and object files, and archives of them. */
function holdsMachineCode(path: string): boolean {
  const fd = sys('read', path, () => openSync(path, 'r'));
  try {
    const start = Buffer.alloc(8);
    readSync(fd, start, 0, 8, 0);
    return start.subarray(0, 4).equals(ELF) || start.toString('latin1') === '!<arch>\n';
  } finally {
    closeSync(fd);
  }
}
