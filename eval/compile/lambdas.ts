/** Functions: bodies are compiled at their first call; a set of formals is matched once per shape of argument. */
import { bytesToText } from '../../base/index.ts';
import type { Expr, Formal, LambdaExpr, Param } from '../../lang/index.ts';
import { Attrs, type Shape } from '../attrs.ts';
import type { CallDepth } from '../depth.ts';
import { describe } from '../describe.ts';
import { missingArgument, unexpectedArgument, wrongType } from '../errors.ts';
import { force } from '../thunk.ts';
import { addStep } from '../trace.ts';
import { Env, Lambda, type LambdaSite, type Slot, type Value } from '../value.ts';
import type { Code, Compiling, SlotCode } from './code.ts';
import { compileGrowth, type Growth, growingFunction } from './growth.ts';
import { type StaticScope, spanOf } from './scope.ts';

/** A function never needs a thunk: making it evaluates nothing. */
export function compileLambda(node: LambdaExpr, scope: StaticScope, compiling: Compiling, name?: string): (env: Env) => Lambda {
  const site = lambdaSite(node, scope, compiling, name);
  return (env) => new Lambda(site, env);
}

/** What all functions made at one place share; both tiers make them of one and the same site. */
export const lambdaSite = (node: LambdaExpr, scope: StaticScope, compiling: Compiling, name: string | undefined): LambdaSite =>
  scope.once(node, () => makeSite(node, scope, compiling, name));

function makeSite(node: LambdaExpr, scope: StaticScope, compiling: Compiling, name: string | undefined): LambdaSite {
  const site: LambdaSite = {
    node,
    name,
    span: spanOf(scope.unit, node),
    code: (env, arg) => {
      build();
      return site.code(env, arg);
    },
    code2: undefined,
    growth: node.isDeferred ? undefined : growthOf(node, scope, compiling, name),
  };
  const { param } = node;
  const isCurried = !node.isDeferred && node.body.kind === 'lambda';
  let match: Match | undefined;
  const matcher = (): Match => {
    match ??= param.kind === 'name' ? nameMatch(param, scope) : formalsMatch(site, param, scope, compiling);
    return match;
  };
  const build = (): void => {
    const { body } = node;
    if (body.kind === 'lambda') buildCurried(site, body, matcher(), compiling);
    else site.code = warm(site, compiling.compile(body, matcher().scope, true), body, matcher(), compiling);
  };
  if (isCurried) {
    site.code2 = (env, first, second) => {
      build();
      return site.code2!(env, first, second);
    };
  }
  return site;
}

/** Calls in the first tier before a body is compiled to JavaScript: enough to pay for that. */
const HOT_CALLS = 300;

/** A body in the first tier, which replaces itself. */
function warm(site: LambdaSite, code: Code, body: Expr, match: Match, compiling: Compiling): LambdaSite['code'] {
  let calls = 0;
  const { enter, isPlain } = match;
  const depth = match.scope.unit.ctx.calls;
  if (depth !== undefined) return counted(depth, site, (env, arg) => code(enter(env, arg)));
  const heat = (): void => {
    site.code = compiling.fuseBody(body, match.scope, isPlain ? undefined : enter) ?? site.code;
  };
  if (isPlain) {
    return (env, arg) => {
      if (++calls === HOT_CALLS) heat();
      return code(new Env(env, arg));
    };
  }
  return (env, arg) => {
    if (++calls === HOT_CALLS) heat();
    return code(enter(env, arg));
  };
}

/** A body that counts how deep calls are; it stays in the first tier. */
const counted =
  (depth: CallDepth, { span }: LambdaSite, code: LambdaSite['code']): LambdaSite['code'] =>
  (env, arg) => {
    depth.enter(span);
    try {
      return code(env, arg);
    } finally {
      depth.leave();
    }
  };

/** `a: b: …`: with both arguments at hand, the function in between is not made. */
function buildCurried(site: LambdaSite, body: LambdaExpr, first: Match, compiling: Compiling): void {
  const inner = lambdaSite(body, first.scope, compiling, site.name);
  const { enter } = first;
  const isCounted = first.scope.unit.ctx.calls !== undefined;
  site.code = (env, arg) => new Lambda(inner, enter(env, arg));
  let calls = 0;
  site.code2 = (env, a, b) => {
    if (++calls === HOT_CALLS && !isCounted) {
      const { param } = body;
      const second = param.kind === 'name' ? nameMatch(param, first.scope) : formalsMatch(inner, param, first.scope, compiling);
      const [enterFirst, enterSecond] = [first, second].map((match) => (match.isPlain ? undefined : match.enter));
      site.code2 = compiling.fuseBody2(body.body, second.scope, enterFirst, enterSecond) ?? site.code2;
    }
    return inner.code(enter(env, a), b);
  };
}

/** Looked into when somebody folds with it; where calls are counted, they are made. */
function growthOf(node: LambdaExpr, scope: StaticScope, compiling: Compiling, name: string | undefined): LambdaSite['growth'] {
  const body = scope.unit.ctx.calls === undefined ? growingFunction(node) : undefined;
  const { param } = node;
  if (body === undefined || param.kind !== 'name') return undefined;
  let growth: Growth | undefined | null = null;
  return () => {
    if (growth !== null) return growth;
    const outer = nameMatch(param, scope).scope;
    const site = lambdaSite(body, outer, compiling, name);
    const { scope: inner, enter } =
      body.param.kind === 'name' ? nameMatch(body.param, outer) : formalsMatch(site, body.param, outer, compiling);
    growth = compileGrowth(body, param.name, inner, enter, compiling.fuse);
    return growth;
  };
}

interface Match {
  readonly scope: StaticScope;
  readonly enter: (env: Env, arg: Slot) => Env;
  /** The environment holds the argument alone. */
  readonly isPlain: boolean;
}

const nameMatch = (param: Param & { kind: 'name' }, scope: StaticScope): Match => ({
  scope: scope.inside(param, 'vars', () => new Map([[param.name, 0]])),
  enter: (env, arg) => new Env(env, arg),
  isPlain: true,
});

const MISSING = -1;
/** Shapes of arguments that a function remembers. */
const MAX_PLANS = 32;

function formalsMatch(site: LambdaSite, param: Param & { kind: 'formals' }, scope: StaticScope, compiling: Compiling): Match {
  const formals = inOrderMet(param.formals);
  const names = new Map(formals.map(({ name }, index) => [name, index]));
  const asIndex = formals.length;
  if (param.as !== undefined) names.set(param.as, asIndex);
  const inner = scope.inside(param, 'vars', () => names);
  const fallbacks = formals.map(({ name, fallback }, index): SlotCode | undefined =>
    fallback === undefined
      ? undefined
      : compiling.delay(fallback, inner, { naming: { kind: 'variable', name }, filledUpTo: index }),
  );
  const template = new Array<Slot>(formals.length + (param.as === undefined ? 0 : 1)).fill(undefined as never);
  const { isSingle } = inner;
  let shape: Shape | undefined;
  let plan: readonly number[] = [];
  // Of all shapes but the first.
  let plans: Map<Shape, readonly number[]> | undefined;
  return {
    scope: inner,
    isPlain: false,
    enter: (env, arg) => {
      const set = force(arg);
      if (!(set instanceof Attrs)) throw notASet(set, site);
      if (set.shape !== shape) {
        plan = plans?.get(set.shape) ?? planMatch(site, param, formals, set);
        if (set.shape.isShared && shape !== undefined) {
          plans ??= new Map();
          if (plans.size < MAX_PLANS) plans.set(set.shape, plan);
        }
        shape = set.shape;
      }
      const at = plan;
      if (isSingle) {
        const single = new Env(env, set);
        if (param.as === undefined) {
          const index = at[0]!;
          single.held = index === MISSING ? fallbacks[0]!(single) : set.slots[index];
        }
        return single;
      }
      const bound = template.slice();
      const made = new Env(env, bound);
      if (param.as !== undefined) bound[asIndex] = set;
      let hasDefaults = false;
      for (let i = 0; i < at.length; i++) {
        const index = at[i]!;
        if (index === MISSING) hasDefaults = true;
        else bound[i] = set.slots[index]!;
      }
      if (hasDefaults) for (let i = 0; i < at.length; i++) if (at[i] === MISSING) bound[i] = fallbacks[i]!(made);
      return made;
    },
  };
}

/**
 * As Nix meets their names, which is how it binds them: a default comes before the name that it is for. So `a ? b` is the cell of
 * `b`, wherever that stands.
 */
function inOrderMet(formals: readonly Formal[]): readonly Formal[] {
  if (!formals.some(({ fallback }) => fallback?.kind === 'var')) return formals;
  const met = new Set<Formal>();
  for (const formal of formals) {
    const { fallback } = formal;
    const other = fallback?.kind === 'var' ? formals.find(({ name }) => name === fallback.name) : undefined;
    if (other !== undefined) met.add(other);
    met.add(formal);
  }
  return [...met];
}

/** For each formal its index in the argument's shape. @throws Fault E-EVAL-006, E-EVAL-007 */
function planMatch(site: LambdaSite, param: Param & { kind: 'formals' }, formals: readonly Formal[], set: Attrs): number[] {
  let found = 0;
  const plan = formals.map((formal) => {
    const index = set.shape.indexOf(formal.name);
    if (index >= 0) found++;
    else if (formal.fallback === undefined) {
      const known = new Set(param.formals.map(({ name }) => name));
      const unknown = set.names.filter((name) => !known.has(name));
      throw missingArgument(describeSite(site), formal.name, unknown, formalSpan(site, formal));
    }
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
  `function '${name === undefined ? 'anonymous lambda' : bytesToText(name)}'`;

const notASet = (value: Value, site: LambdaSite): unknown =>
  addStep(wrongType('a set', describe(value)), `while matching the argument of ${describeSite(site)}`, site.span);
