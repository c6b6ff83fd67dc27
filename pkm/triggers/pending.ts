/**
 * Triggers that a transaction set off and that have not run. They are written in the commit that makes the generation, run when
 * all is in place, and go one by one: a process that dies leaves the rest to the next one. So each may run twice.
 */
import type { Actor } from '../run.ts';
import type { Database } from '../state/database.ts';
import { appendHistory } from '../state/history.ts';
import { integerOf, isText, listOf } from '../state/wrong-value.ts';
import type { RootContext } from '../transaction.ts';
import type { TriggerOutcome } from '../types.ts';
import type { DueTrigger } from './due.ts';
import type { RunInRoot } from './run-in-root.ts';

/** Call inside the transaction that makes the generation. */
export function writePending(
  database: Database,
  due: readonly DueTrigger[],
  about: { generation: number; operation: string },
): void {
  for (const trigger of due) {
    database.run(
      'INSERT INTO pending_triggers (generation, operation, package, name, run, fatal, matched) VALUES (?,?,?,?,?,?,?)',
      about.generation,
      about.operation,
      trigger.package,
      trigger.name,
      JSON.stringify(trigger.run),
      trigger.isFatal ? 1 : 0,
      trigger.matched.join('\n'),
    );
  }
}

/** Runs what is pending, in the root, and records how each went. Failures are in the outcomes, never thrown. */
export function runPending({ layout, database, io }: RootContext, actor: Actor, run: RunInRoot): TriggerOutcome[] {
  const outcomes: TriggerOutcome[] = [];
  for (const row of database.all('SELECT * FROM pending_triggers ORDER BY seq')) {
    const text = (key: string): string => String(row[key]);
    const what = (column: string): string => `column '${column}' of the pending trigger '${text('name')}'`;
    const generation = integerOf(row['generation'], what('generation'));
    const { status, detail } = run(layout.root, {
      argv: listOf(text('run'), what('run'), isText),
      input: `${text('matched')}\n`,
      environment: { IGOS_GENERATION: text('generation'), IGOS_OPERATION: text('operation'), IGOS_TRIGGER: text('name') },
    });
    const outcome = { package: text('package'), name: text('name'), isFatal: row['fatal'] === 1, status, detail };
    io.commit('trigger', () =>
      database.transaction(() => {
        database.run('DELETE FROM pending_triggers WHERE seq = ?', row['seq']!);
        appendHistory(database, {
          time: actor.now,
          user: actor.user,
          operation: 'trigger',
          package: outcome.package,
          oldVersion: '',
          newVersion: '',
          generation,
          detail: JSON.stringify({ summary: `trigger ${outcome.name}: ${status}`, trigger: outcome.name, status, detail }),
        });
      }),
    );
    outcomes.push(outcome);
  }
  return outcomes;
}
