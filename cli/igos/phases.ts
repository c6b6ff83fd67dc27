import { count, didYouMean, Faults } from '../../base/index.ts';
import { type BuildFault, probeSandbox } from '../../builder/index.ts';
import { requirePassed } from '../../check/index.ts';
import { derivationName } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { auditsFolder } from '../check-inputs.ts';
import { checkTree } from '../check-tree.ts';
import type { Context } from '../context.ts';
import { type ImagePhase, type TreeImages, treeImages } from '../phases/images.ts';
import { addManifest, manifestText } from '../phases/manifest.ts';
import { type Phase, type PhaseKind, phasesOf, selectPhases } from '../phases/phase-list.ts';
import { type PublishRequest, publishRequest, publishTree } from '../phases/publish.ts';
import { type Asked, type PhaseState, type PhaseStatus, statusOf, TreeBuild } from '../phases/status.ts';
import { formatDuration } from '../progress/model.ts';
import { failedBuilds, type RealizeOutcome, realizeTargets } from '../realizing.ts';
import { openSession, type Session } from '../session.ts';
import { systemImage } from '../system-files.ts';
import { Trees } from '../targets.ts';
import { withRecord } from '../unfinished.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  using session = openSession(context, args, { isReadOnly: false });
  const tree = new Trees(session).open(args.operands[0]!);
  const phases = phasesOf([...tree.tiers.keys()]);
  const publish = publishRequest(context, args);
  using images = await treeImages(context, args, session, tree);
  const asked: Asked = { publishes: publish !== undefined, makesImages: images !== undefined };
  const selected = selectionOf(args, phases, asked);
  const build = new TreeBuild(tree, session.store, () => session.bridge.flush());
  const results: PhaseResult[] = [];
  const failures: BuildFault[] = [];
  const state = (): PhaseStatus[] => statusOf(build, phases, asked);
  if (!args.has('dry-run')) {
    for (const phase of phases) {
      if (!selected.has(phase.name)) continue;
      const before = performance.now();
      const tell = (text: string): void => {
        if (!context.isQuiet && text !== '')
          context.out.talk(`${phase.name}: ${text} (${formatDuration(performance.now() - before)})`);
      };
      try {
        const text =
          phase.kind === 'publish'
            ? await runPublish(context, args, session, build, publish)
            : await runPhase(context, args, build, phase, { failures, images });
        tell(text);
        results.push({ phase, text, ms: performance.now() - before });
      } catch (error) {
        tell('failed');
        results.push({ phase, text: 'failed', ms: performance.now() - before });
        failures.push(
          ...failedBuilds(
            args,
            context.isJson ? withRecord(error, () => recordOf(tree.name, state(), selected, results)) : error,
          ),
        );
      }
    }
  }
  const status = state();
  const record = recordOf(tree.name, status, selected, results);
  if (context.isJson && failures.length === 0) context.out.json(record);
  if (!context.isJson) for (const line of listLines(status, selected)) context.out.line(line);
  if (failures.length === 0) return 0;
  throw withRecord(failures.length > 1 ? new Faults(failures) : failures[0], () => record);
}

interface PhaseResult {
  readonly phase: Phase;
  /** What was done, for people; empty where there was nothing to do. */
  readonly text: string;
  readonly ms: number;
}

/** @throws UsageError a name that is no phase, or of one that nothing else asks for */
function selectionOf(args: Arguments, phases: readonly Phase[], asked: Asked): ReadonlySet<string> {
  const skip = args.all('skip').flatMap(([words]) => words!.split(',').filter((word) => word !== ''));
  const from = args.value('from');
  const until = args.value('until');
  const names = phases.map((phase) => phase.name);
  for (const name of [from, until, ...skip]) {
    if (name !== undefined && !names.includes(name))
      throw new UsageError(`there is no phase '${name}'`, [...didYouMean(name, names), `there are: ${names.join(', ')}`]);
  }
  if (from !== undefined && until !== undefined && names.indexOf(from) > names.indexOf(until))
    throw new UsageError(`'${from}' comes after '${until}'`, [`say --from ${until} --until ${from}`]);
  for (const name of [from, until]) {
    const phase = phases.find((each) => each.name === name);
    if (phase?.kind === 'publish' && !asked.publishes)
      throw new UsageError(`the phase '${phase.name}' needs --publish DIR`, [
        'igos phases TREE --publish DIR --key FILE, with a key that igos key generate made',
      ]);
    if (phase !== undefined && isImagePhase(phase.kind) && !asked.makesImages)
      throw new UsageError(`the phase '${phase.name}' needs --images DIR`, ['igos phases TREE --images DIR']);
  }
  return selectPhases(phases, { from, until, skip });
}

const isImagePhase = (kind: PhaseKind): kind is ImagePhase => ['image', 'squashfs', 'uki', 'iso'].includes(kind);

/** Runs one phase. @param failures  of those before it @param images  where some are asked for @returns what was done @throws Fault, Faults */
async function runPhase(
  context: Context,
  args: Arguments,
  build: TreeBuild,
  phase: Phase,
  { failures, images }: { readonly failures: readonly BuildFault[]; readonly images: TreeImages | undefined },
): Promise<string> {
  const { store, tree } = build;
  switch (phase.kind) {
    case 'validate': {
      const faults = tree.check();
      if (faults.length === 1) throw faults[0]!;
      if (faults.length > 1) throw new Faults(faults);
      const checked = await checkTree({ tree, store: () => store, audits: auditsFolder(context, args, tree) });
      const idle = requirePassed(checked, args.operands[0]!);
      const gates = `${checked.gates.length - idle.length} of ${checked.gates.length} gates passed`;
      const notRun = idle.length === 0 ? '' : ` (not run: ${idle.join(', ')})`;
      return `${count(tree.packages.size, 'package')} in ${count(tree.tiers.size, 'tier')}, ${gates}${notRun}`;
    }
    case 'verify-sources': {
      const goals = build.sources.map((drvPath) => ({ label: drvPath, drvPath, outputs: [] }));
      const { nFetched, nBuilt } = await realizeTargets(context, args, store, goals);
      // What arrives is compared with its hash; what was here is compared with what it was.
      store.assertIntact(build.sourcePaths());
      const nCame = nFetched + nBuilt;
      return `${count(goals.length, 'source')}${nCame === 0 ? '' : `, ${nCame} fetched`}`;
    }
    case 'setup': {
      const { fault } = probeSandbox(store.home);
      if (fault !== undefined) throw fault;
      return 'the sandbox works';
    }
    case 'tier': {
      const targets = build.tier(phase.name);
      const blocked = failures.length === 0 ? undefined : build.builtFrom(failures.map(({ drvPath }) => drvPath));
      const tried = targets.filter((target) => {
        const because = target.drvPath === undefined ? undefined : blocked?.get(target.drvPath);
        if (because === undefined || build.outputOf(target) !== undefined) return true;
        context.out.talk(`${target.label}: not tried, because ${derivationName(because)} failed`);
        return false;
      });
      if (targets.length === 0) return '';
      return outcomeText(targets.length, targets.length - tried.length, await realizeTargets(context, args, store, tried));
    }
    case 'config': {
      const files = [...tree.systems.values()].flatMap((system) => systemImage(store, system) ?? []);
      return files.length === 0 ? '' : `the files of ${count(files.length, 'system')}`;
    }
    case 'manifest': {
      if (!isComplete(build)) return NOT_ALL;
      return addManifest(store, tree.name, manifestText(build));
    }
    case 'image':
    case 'squashfs':
    case 'uki':
    case 'iso':
      if (images === undefined) return '';
      return isComplete(build) ? images.run(phase.kind) : NOT_ALL;
    case 'publish':
    case 'other':
      return '';
  }
}

async function runPublish(
  context: Context,
  args: Arguments,
  session: Session,
  build: TreeBuild,
  request: PublishRequest | undefined,
): Promise<string> {
  if (request === undefined) return '';
  return isComplete(build) ? publishTree(context, args, session, build.tree, request) : NOT_ALL;
}

const NOT_ALL = 'nothing: not all packages are built';

const isComplete = (build: TreeBuild): boolean => build.targets.every((target) => build.outputOf(target) !== undefined);

function outcomeText(nAll: number, nLeft: number, { nBuilt, nFetched, nCutoff, nSubstituted }: RealizeOutcome): string {
  const parts = [
    nBuilt > 0 ? `${nBuilt} built` : '',
    nFetched > 0 ? `${nFetched} fetched` : '',
    nSubstituted > 0 ? `${nSubstituted} from caches` : '',
    nCutoff > 0 ? `${nCutoff} as before` : '',
    nLeft > 0 ? `${nLeft} not tried` : '',
  ].filter((part) => part !== '');
  return `${count(nAll, 'package')}${parts.length === 0 ? ', all there' : `, ${parts.join(', ')}`}`;
}

const STATES: Readonly<Record<PhaseState, string>> = {
  done: 'done',
  partly: 'begun',
  open: 'to do',
  none: '-',
  check: 'each time',
};

function listLines(status: readonly PhaseStatus[], selected: ReadonlySet<string>): string[] {
  const rows = status.map(({ phase, state, nDone, nAll }, index) => {
    const number = String(index + 1).padStart(2);
    const done = nAll === 0 ? '' : `${nDone} of ${nAll}`;
    const about = phase.kind === 'tier' ? (nAll === 0 ? 'the tree has no such tier' : '') : phase.about;
    return {
      number,
      name: phase.name,
      state: `${STATES[state]}${selected.has(phase.name) ? '' : ' (left out)'}`,
      count: done,
      about,
    };
  });
  const width = (of: (row: (typeof rows)[number]) => string): number => Math.max(...rows.map((row) => of(row).length));
  const widths = { name: width((row) => row.name), state: width((row) => row.state), count: width((row) => row.count) };
  return rows.map((row) =>
    `${row.number}  ${row.name.padEnd(widths.name)}  ${row.state.padEnd(widths.state)}  ${row.count.padEnd(widths.count)}  ${row.about}`.trimEnd(),
  );
}

const recordOf = (
  tree: string,
  status: readonly PhaseStatus[],
  selected: ReadonlySet<string>,
  results: readonly PhaseResult[],
): object => ({
  tree,
  phases: status.map(({ phase, state, nDone, nAll }, index) => {
    const result = results.find((each) => each.phase === phase);
    return {
      number: index + 1,
      name: phase.name,
      kind: phase.kind,
      state,
      done: nDone,
      of: nAll,
      selected: selected.has(phase.name),
      ...(result === undefined ? {} : { result: result.text, seconds: Number((result.ms / 1000).toFixed(3)) }),
    };
  }),
});
