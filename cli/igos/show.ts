import { existsSync } from 'node:fs';
import { absolutePath, count, Fault, type Span } from '../../base/index.ts';
import type { PackageInfo, Tree } from '../../eval/index.ts';
import { derivationName, derivationToJson, parseStorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type FieldValue, fieldLines } from '../field-lines.ts';
import { openContextStore, openSession, type Session } from '../session.ts';
import { shownSources, sourceText } from '../shown-sources.ts';
import { assertNoAttributes, holdsExpression, resolveTargets, splitOperand, Trees } from '../targets.ts';
import { treeNames } from '../tree-names.ts';

export function run(context: Context, args: Arguments): undefined {
  const operand = args.operands[0]!;
  if (args.has('names')) {
    showNames(context, operand);
    return;
  }
  if (operand.startsWith(`${context.storeDir}/`) && operand.endsWith('.drv')) {
    showDerivation(context, operand);
    return;
  }
  const { path, name } = splitOperand(operand);
  using session = openSession(context, args, { isReadOnly: false, defersWrites: true });
  if (holdsExpression(path, session.interpreter.ctx.io)) {
    using session = openSession(context, args, { isReadOnly: false });
    for (const target of resolveTargets(context, args, session)) showDerivation(context, target.drvPath!);
    return;
  }
  assertNoAttributes(args, operand);
  const tree = new Trees(session).open(path);
  if (name === undefined) showTree(context, tree);
  else if (tree.packages.has(name) || !tree.systems.has(name)) showPackage(context, session, tree.select(name));
  else showSystem(context, tree, name);
}

function showNames(context: Context, tree: string): void {
  const path = absolutePath(context.workingDirectory, tree);
  if (!existsSync(path)) throw new Fault('E-CLI-002', `there is no file or tree '${tree}'`);
  const names = treeNames(path);
  if (context.isJson) context.out.json({ names });
  else context.out.lines(names);
}

function showDerivation(context: Context, drvPath: string): void {
  using store = openContextStore(context);
  const path = parseStorePath(drvPath, context.storeDir);
  const view = derivationToJson(store.readDerivation(path)) as object;
  context.out.json({ drvPath, name: derivationName(path), ...view });
}

function showTree(context: Context, tree: Tree): void {
  const packages = [...tree.packages.values()];
  if (context.isJson) {
    context.out.json({
      name: tree.name,
      version: tree.version ?? null,
      tiers: [...tree.tiers.values()].map(({ name, summary, after, ships }) => ({
        name,
        summary,
        after: after.map((tier) => tier.name),
        ships,
      })),
      packages: packages.map(packageData),
      systems: [...tree.systems].map(([name, system]) => ({
        name,
        summary: system.summary,
        packages: system.packages.map((each) => each.name),
      })),
    });
    return;
  }
  context.out.line(
    `tree ${tree.name}${tree.version === undefined ? '' : ` ${tree.version}`}: ${count(packages.length, 'package')} in ${count(tree.tiers.size, 'tier')}`,
  );
  const width = Math.max(0, ...packages.map((info) => info.name.length + info.version.length)) + 3;
  for (const tier of tree.tiers.values()) {
    context.out.line(`\n${tier.name}: ${tier.summary}`);
    for (const info of packages.filter((each) => each.tier === tier.name)) {
      context.out.line(`  ${`${info.name} ${info.version}`.padEnd(width)}${info.summary}`);
    }
  }
  if (tree.systems.size === 0) return;
  context.out.line('\nsystems');
  const longest = Math.max(...[...tree.systems.keys()].map((name) => name.length)) + 2;
  for (const [name, { packages, summary }] of tree.systems)
    context.out.line(
      `  ${name.padEnd(longest)}${summary === undefined ? '' : `${summary}, `}${count(packages.length, 'package')}`,
    );
}

function showSystem(context: Context, tree: Tree, name: string): void {
  const { summary, packages, etc, services, boot, span } = tree.selectSystem(name);
  const names = (infos: readonly PackageInfo[]): string[] => infos.map((info) => info.name);
  const data = {
    name,
    summary,
    packages: names(packages),
    closure: names(tree.runtimeClosure(packages)),
    etc: Object.fromEntries(etc),
    services: Object.fromEntries(services),
    boot:
      boot === undefined
        ? null
        : { ...boot, kernel: boot.kernel.name, stub: boot.stub.name, initrd: names(boot.initrd), esp: boot.esp ?? null },
    declared: placeOf(span),
  };
  if (context.isJson) {
    context.out.json(data);
    return;
  }
  const needed = data.closure.filter((each) => !data.packages.includes(each));
  const counted = (list: readonly string[]): string[] => (list.length === 0 ? [] : [`${list.length}:`, ...list]);
  const switched = (isOn: boolean): string[] => [...services].flatMap(([service, is]) => (is === isOn ? [service] : []));
  context.out.lines(
    fieldLines([
      ['name', name],
      ['summary', summary],
      ['packages', counted(data.packages)],
      ['needed', counted(needed)],
      ['etc', [...etc.keys()]],
      ['enabled', switched(true)],
      ['disabled', switched(false)],
      ['kernel', data.boot?.kernel],
      ['stub', data.boot?.stub],
      ['initrd', data.boot?.initrd],
      ['commandLine', data.boot?.commandLine || undefined],
      ['root', data.boot?.root],
      ['esp', data.boot?.esp ?? undefined],
      ['declared', data.declared],
    ]),
  );
}

const FIELDS = [
  ...(['name', 'version', 'release', 'tier', 'summary', 'license', 'homepage', 'style', 'build', 'host'] as const),
  ...(['runtime', 'supersedes', 'provides', 'conflicts', 'config'] as const),
];

const packageData = (info: PackageInfo): Record<string, FieldValue> =>
  Object.fromEntries(FIELDS.map((field) => [field, info[field]]));

const placeOf = (span: Span | undefined): string | undefined =>
  span === undefined ? undefined : `${span.source.name}:${span.source.position(span.start).line}`;

function showPackage(context: Context, { bridge }: Session, info: PackageInfo): void {
  const sources = shownSources(info, context.workingDirectory, (drvPath) => bridge.readDerivation(drvPath));
  const made = { declared: placeOf(info.span), drvPath: info.drvPath ?? null, output: info.outputName };
  const fields = packageData(info);
  if (context.isJson) {
    context.out.json({ ...fields, sources, ...made });
    return;
  }
  const places = sources.map((source) => ['source', sourceText(source)] as const);
  context.out.lines(fieldLines([...Object.entries(fields), ...places, ...Object.entries(made)]));
}
