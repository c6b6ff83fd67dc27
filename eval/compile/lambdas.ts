/** Functions: bodies are compiled at their first call; a set of formals is matched once per shape of argument. */
import { bytesToText } from '../../base/index.ts';
import type { Formal, LambdaExpr, Param } from '../../lang/tree.ts';
import { Attrs, type Shape } from '../attrs.ts';
import { describe } from '../describe.ts';
import { missingArgument, unexpectedArgument, wrongType } from '../errors.ts';
import { force } from '../thunk.ts';
import { addStep } from '../trace.ts';
import { type Env, Lambda, type LambdaSite, type Slot, type Value } from '../value.ts';
import type { Compiling, SlotCode } from './code.ts';
import { StaticScope, spanOf } from './scope.ts';

/** A function never needs a thunk: making it evaluates nothing. */
export function compileLambda(node: LambdaExpr, scope: StaticScope, compiling: Compiling, name?: string): (env: Env) => Lambda {
  const site = lambdaSite(node, scope, compiling, name);
  return (env) => new Lambda(site, env);
}

function lambdaSite(node: LambdaExpr, scope: StaticScope, compiling: Compiling, name: string | undefined): LambdaSite {
  const site: LambdaSite = {
    node,
    name,
    span: spanOf(scope.unit, node),
    code: (env, arg) => {
      build();
      return site.code(env, arg);
    },
    code2: undefined,
  };
  const { param } = node;
  const build = (): void => {
    const match = param.kind === 'name' ? nameMatch(param.name, scope) : formalsMatch(site, param, scope, compiling);
    if (node.body.kind === 'lambda') {
      const inner = lambdaSite(node.body, match.scope, compiling, name);
      const { enter } = match;
      site.code = (env, arg) => new Lambda(inner, enter(env, arg));
      site.code2 = (env, first, second) => inner.code(enter(env, first), second);
      return;
    }
    const body = compiling.compile(node.body, match.scope);
    if (param.kind === 'name') site.code = (env, arg) => body([env, arg]);
    else {
      const { enter } = match;
      site.code = (env, arg) => body(enter(env, arg));
    }
  };
  if (node.body.kind === 'lambda') {
    site.code2 = (env, first, second) => {
      build();
      return site.code2!(env, first, second);
    };
  }
  return site;
}

interface Match {
  readonly scope: StaticScope;
  readonly enter: (env: Env, arg: Slot) => Env;
}

const nameMatch = (name: string, scope: StaticScope): Match => ({
  scope: new StaticScope('vars', scope, scope.unit, new Map([[name, 1]])),
  enter: (env, arg) => [env, arg],
});

const MISSING = -1;

function formalsMatch(site: LambdaSite, param: Param & { kind: 'formals' }, scope: StaticScope, compiling: Compiling): Match {
  const { formals } = param;
  const names = new Map(formals.map(({ name }, index) => [name, index + 1]));
  const asIndex = formals.length + 1;
  if (param.as !== undefined) names.set(param.as, asIndex);
  const inner = new StaticScope('vars', scope, scope.unit, names);
  const fallbacks = formals.map(({ name, fallback }): SlotCode | undefined =>
    fallback === undefined ? undefined : compiling.delay(fallback, inner, { naming: { kind: 'variable', name }, filledUpTo: 0 }),
  );
  const template: Env = new Array<unknown>(1 + formals.length + (param.as === undefined ? 0 : 1)).fill(undefined);
  let shape: Shape | undefined;
  let plan: readonly number[] = [];
  return {
    scope: inner,
    enter: (env, arg) => {
      const set = force(arg);
      if (!(set instanceof Attrs)) throw notASet(set, site);
      if (set.shape !== shape) {
        plan = planMatch(site, param, set);
        shape = set.shape;
      }
      const at = plan;
      const bound = template.slice();
      bound[0] = env;
      if (param.as !== undefined) bound[asIndex] = set;
      let hasDefaults = false;
      for (let i = 0; i < at.length; i++) {
        const index = at[i]!;
        if (index === MISSING) hasDefaults = true;
        else bound[i + 1] = set.slots[index];
      }
      if (hasDefaults) for (let i = 0; i < at.length; i++) if (at[i] === MISSING) bound[i + 1] = fallbacks[i]!(bound);
      return bound;
    },
  };
}

/** For each formal its index in the argument's shape. @throws Fault E-EVAL-006, E-EVAL-007 */
function planMatch(site: LambdaSite, param: Param & { kind: 'formals' }, set: Attrs): number[] {
  let found = 0;
  const plan = param.formals.map((formal) => {
    const index = set.shape.indexOf(formal.name);
    if (index >= 0) found++;
    else if (formal.fallback === undefined) throw missingArgument(describeSite(site), formal.name, formalSpan(site, formal));
    return index;
  });
  if (!param.isOpen && found < set.size) {
    const known = param.formals.map(({ name }) => name);
    const unexpected = set.names.find((name) => !known.includes(name))!;
    throw unexpectedArgument(describeSite(site), unexpected, known, {
      source: site.span.source,
      start: param.start,
      end: param.end,
    });
  }
  return plan;
}

const formalSpan = (site: LambdaSite, formal: Formal): LambdaSite['span'] => ({
  source: site.span.source,
  start: formal.start,
  end: formal.end,
});

const describeSite = ({ name }: LambdaSite): string =>
  name === undefined ? 'anonymous function' : `function '${bytesToText(name)}'`;

const notASet = (value: Value, site: LambdaSite): unknown =>
  addStep(wrongType('a set', describe(value)), `while matching the argument of ${describeSite(site)}`, site.span);
