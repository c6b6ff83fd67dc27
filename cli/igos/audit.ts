import { auditPackage, inScope, readRecord, writeRecord } from '../../check/index.ts';
import type { Arguments } from '../arguments.ts';
import { auditsFolder, findSources } from '../check-inputs.ts';
import type { Context } from '../context.ts';
import { NeedsWriting, openSession } from '../session.ts';
import { splitOperand, Trees } from '../targets.ts';
import { treeFacts } from '../tree-facts.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const written = await audit(context, args, true).catch((error: unknown) => {
    if (error instanceof NeedsWriting) return audit(context, args, false);
    throw error;
  });
  if (context.isJson) context.out.json({ records: written });
  else for (const { path } of written) context.out.line(path);
  const absent = written.filter(({ isSourceThere }) => isSourceThere === false).length;
  if (absent > 0 && !context.isQuiet)
    context.out.talk(
      `audit: ${absent} without their source: it is not in the store, and nothing is fetched (igos realize fetches it)`,
    );
  if (!context.isQuiet) context.out.talk(`audit: ${written.length} written; the gates see them after: igos audit aggregate`);
}

interface Written {
  readonly name: string;
  readonly path: string;
  /** `null` for a package without sources. */
  readonly isSourceThere: boolean | null;
  readonly needsReview: readonly string[];
  readonly mismatches: readonly { readonly issue: string }[];
}

async function audit(context: Context, args: Arguments, isReadOnly: boolean): Promise<Written[]> {
  using session = openSession(context, args, { isReadOnly });
  const trees = new Trees(session);
  const written: Written[] = [];
  for (const operand of args.operands) {
    const { path, name } = splitOperand(operand);
    const tree = trees.open(path);
    const facts = treeFacts(tree);
    const folder = auditsFolder(context, args, tree);
    const chosen = name === undefined ? inScope(facts).map((each) => each.name) : [tree.select(name).package.recipe.name];
    const sources = await findSources(tree, facts, session.store);
    const offers = new Map(
      [...sources].flatMap(([each, { scan }]) => (typeof scan === 'object' ? [[each, scan.offers] as const] : [])),
    );
    for (const each of chosen) {
      const record = auditPackage({
        tree: facts,
        facts: facts.packages.get(each)!,
        source: sources.get(each),
        others: offers,
        before: readRecord(folder, each),
        auditedAt: `${new Date().toISOString().slice(0, 19)}Z`,
        auditedBy: args.value('by') ?? 'igos audit',
      });
      written.push({
        name: each,
        path: writeRecord(folder, record),
        isSourceThere: record.source === null ? null : record.source.isThere,
        needsReview: record.needsReview,
        mismatches: record.mismatches,
      });
    }
  }
  return written;
}
