import { count } from '../../base/index.ts';
import type { PackageInfo, Tree } from '../../eval/index.ts';
import { derivationName, derivationToJson, parseStorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore, openSession, type Session } from '../session.ts';
import { shownSources, sourceText } from '../shown-sources.ts';
import { assertNoAttributes, holdsExpression, resolveTargets, splitOperand, Trees } from '../targets.ts';

export function run(context: Context, args: Arguments): undefined {
  const operand = args.operands[0]!;
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
  for (const [name, system] of tree.systems)
    context.out.line(`\nsystem ${name}: ${system.packages.map((each) => each.name).join(' ')}`);
}

function showSystem(context: Context, tree: Tree, name: string): void {
  const system = tree.selectSystem(name);
  const { boot } = system;
  const names = ({ name }: PackageInfo): string => name;
  const closure = tree.runtimeClosure(system.packages).map(names);
  const data = {
    name,
    summary: system.summary,
    packages: system.packages.map((each) => each.name),
    closure,
    etc: Object.fromEntries(system.etc),
    boot:
      boot === undefined
        ? null
        : { ...boot, kernel: boot.kernel.name, stub: boot.stub.name, initrd: boot.initrd.map(names), esp: boot.esp ?? null },
  };
  if (context.isJson) context.out.json(data);
  else {
    context.out.line(`system ${name}${data.summary ? `: ${data.summary}` : ''}`);
    context.out.line(`packages: ${data.packages.join(' ')}`);
    context.out.line(`with what they need: ${closure.join(' ')}`);
    for (const file of system.etc.keys()) context.out.line(`etc/${file}`);
    if (data.boot !== null) {
      const { kernel, stub, initrd, commandLine, root, esp } = data.boot;
      const renewed = esp === null ? '' : `, renewed in ${esp}`;
      context.out.line(
        `starts: ${[kernel, stub, ...initrd].join(' ')}${commandLine === '' ? '' : ` with '${commandLine}'`}, root: ${root}${renewed}`,
      );
    }
  }
}

const FIELDS = [
  ...(['name', 'version', 'release', 'tier', 'summary', 'license', 'homepage', 'style', 'build', 'host'] as const),
  ...(['runtime', 'supersedes', 'provides', 'conflicts', 'config'] as const),
];

const packageData = (info: PackageInfo): Record<string, unknown> =>
  Object.fromEntries(FIELDS.map((field) => [field, info[field]]));

function showPackage(context: Context, { bridge }: Session, info: PackageInfo): void {
  const place =
    info.span === undefined ? undefined : `${info.span.source.name}:${info.span.source.position(info.span.start).line}`;
  const sources = shownSources(info, context.workingDirectory, (drvPath) => bridge.readDerivation(drvPath));
  const made = { declared: place, drvPath: info.drvPath ?? null, output: info.outputName };
  const fields = packageData(info);
  if (context.isJson) {
    context.out.json({ ...fields, sources, ...made });
    return;
  }
  const line = (key: string, text: string): void => context.out.line(`${key.padEnd(11)} ${text}`);
  const lines = (data: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(data)) {
      if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
      line(key, Array.isArray(value) ? value.join(' ') : String(value));
    }
  };
  lines(fields);
  for (const source of sources) line('source', sourceText(source));
  lines(made);
}
