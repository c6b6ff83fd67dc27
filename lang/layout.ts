/**
 * The layout of each construct, in the spirit of the official Nix formatter (RFC 166): sets of more than one binding are always
 * broken, lists and calls only where they do not fit, `let` always, a value that opens a bracket stays on the line of its name.
 */
import { never } from '../base/index.ts';
import {
  breaker,
  breaks,
  broken,
  choice,
  type Doc,
  doubleLine,
  enclosed,
  group,
  hardline,
  indent,
  isChoice,
  line,
  softline,
  staysOpen,
  ungrouped,
  verbatim,
} from './doc.ts';
import { layOutIndented } from './indented-layout.ts';
import * as K from './kinds.ts';
import { binaryPrecedence } from './operators.ts';
import type { TokenDocs } from './token-docs.ts';
import type {
  AttrName,
  AttrsExpr,
  BinaryExpr,
  Binding,
  CallExpr,
  Declaration,
  Expr,
  FileTree,
  LambdaExpr,
  ListExpr,
  Param,
  WithExpr,
} from './tree.ts';

/** Lays out a whole file; takes every token. */
export function layOutFile(tree: FileTree, tokens: TokenDocs): Doc {
  const layout = new Layout(tokens);
  const body = tree.kind === 'expr' ? layout.file(tree.expr) : layout.declarations(tree);
  return [body, hardline, tokens.hasBlankBefore && tokens.hasLeading ? hardline : '', tokens.takeLeading()];
}

/** Comments without the line end behind them. */
function withoutEnd(comments: readonly Doc[]): Doc[] {
  const end = comments.findLastIndex((doc) => doc !== '' && doc !== hardline && doc !== ' ');
  return comments.slice(0, end + 1);
}

/** With the comments behind its last bracket, which would break the group of the brackets. */
const behindOf = (doc: Doc, behind: Doc): Doc => (behind === '' ? doc : [doc, behind]);

class Layout {
  readonly #tokens: TokenDocs;
  readonly #huggable = new Map<Expr, boolean>();

  constructor(tokens: TokenDocs) {
    this.#tokens = tokens;
  }

  file(expr: Expr): Doc {
    return expr.kind === 'lambda' && !this.#isParenthesised(expr) ? this.#lambda(expr, true) : this.expr(expr);
  }

  // ── declarations ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  declarations(tree: Extract<FileTree, { kind: 'declarations' }>): Doc {
    const docs: Doc[] = [];
    if (tree.bindings !== undefined) {
      docs.push(this.#tokens.take(K.Let), this.#bindings(tree.bindings), hardline, this.#tokens.takeBare());
    }
    tree.declarations.forEach((declaration, index) => {
      if (index > 0 || docs.length > 0) docs.push(hardline, this.#blank());
      docs.push(this.#tokens.takeLeading(), this.#declaration(declaration));
    });
    return docs;
  }

  #declaration({ name, version, bindings, splits }: Declaration): Doc {
    const head: Doc[] = [this.#tokens.take()];
    if (name !== undefined) head.push(' ', this.#tokens.takeVerbatim(name.end));
    if (version !== undefined) head.push(' ', this.#tokens.takeVerbatim(version.end));
    head.push(' ');
    const isExpanded = this.#tokens.hasNewlineAfterNext || bindings.length > 1 || splits.length > 0;
    head.push(this.#tokens.take());
    const items = [...bindings, ...splits].sort((a, b) => a.start - b.start);
    const body = this.#items(items, (item) => ('bindings' in item ? this.#declaration(item) : this.#binding(item)));
    return this.#braced(head, body, isExpanded);
  }

  // ── bindings ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items one a line, blank lines between them kept, at most one. */
  #items<I>(items: readonly I[], lay: (item: I) => Doc): Doc[] {
    return items.map((item, index) => {
      const blank = index > 0 ? this.#blank() : '';
      return [index > 0 ? hardline : '', blank, this.#tokens.takeLeading(), lay(item)];
    });
  }

  /** The bindings of a `let`, up to its `in`. */
  #bindings(bindings: readonly Binding[]): Doc {
    const items = this.#items(bindings, (binding) => this.#binding(binding));
    const comments: Doc = this.#tokens.hasLeading ? [hardline, this.#commentsBeforeCloser()] : '';
    return indent(items.length > 0 ? hardline : '', items, comments);
  }

  /** Comments before a closing bracket stand with what they follow, inside. */
  #commentsBeforeCloser(): Doc {
    if (!this.#tokens.hasLeading) return '';
    const blank = this.#blank();
    return [blank, withoutEnd(this.#tokens.takeLeading())];
  }

  /** `{ … }` around items; the next token is the closing brace. */
  #braced(head: Doc, items: Doc[], isExpanded: boolean): Doc {
    const hasComments = this.#tokens.hasLeading;
    const comments = this.#commentsBeforeCloser();
    if (items.length === 0 && !hasComments) return [head, breaks(head) ? hardline : ' ', this.#tokens.takeBare()];
    const body = items.length === 0 ? comments : [...items, hasComments ? [hardline, comments] : ''];
    const all: Doc[] = [head, indent(line, body), line, this.#tokens.takeImage()];
    const behind = this.#tokens.takeBehind();
    return behindOf(isExpanded || hasComments ? broken(...all) : group(...all), behind);
  }

  #set(expr: AttrsExpr): Doc {
    const head: Doc[] = [];
    if (expr.isRec) head.push(this.#tokens.take(K.Rec), ' ');
    return this.#braces(head, expr.bindings);
  }

  #braces(head: Doc[], bindings: readonly Binding[]): Doc {
    const isExpanded = bindings.length > 1 || (bindings.length === 1 && this.#tokens.hasNewlineAfterNext);
    head.push(this.#tokens.take());
    return this.#braced(
      head,
      this.#items(bindings, (binding) => this.#binding(binding)),
      isExpanded,
    );
  }

  #binding(binding: Binding): Doc {
    if (binding.kind === 'inherit') return this.#inherit(binding);
    const path = this.#path(binding.path);
    const equals = this.#tokens.take(K.Equals);
    const value = this.#value([path, ' ', equals], binding.value);
    return [value, this.#tokens.take(K.Semicolon)];
  }

  /** What a name is given: on its line where it opens a bracket or fits, else below it. */
  #value(head: Doc, value: Expr): Doc {
    const isHugged = this.#isHuggable(value) && !this.#tokens.hasCommentLine && !breaks(head);
    if (isHugged) return [head, ' ', this.expr(value)];
    if (value.kind === 'binary' && this.#beginsWithBracket(value) && !this.#tokens.hasCommentLine && !breaks(head)) {
      const [first, ...others] = this.#chain(value);
      return group(head, ' ', ungrouped(first!), others);
    }
    const isOnLine = value.kind === 'call' && !this.#tokens.hasCommentLine && !breaks(head);
    const behind = this.#tokens.takeBehindOf(value);
    const below = this.expr(value);
    const doc = isOnLine && staysOpen(below) ? [head, ' ', below, behind] : group(head, indent(line, below, behind));
    return behind === '' ? doc : [doc, breaker];
  }

  #inherit(binding: Extract<Binding, { kind: 'inherit' }>): Doc {
    const head: Doc[] = [this.#tokens.take(K.Inherit)];
    if (binding.from !== undefined) {
      head.push(' ', this.#tokens.take(K.ParenOpen), this.expr(binding.from), this.#tokens.take(K.ParenClose));
    }
    const isExpanded = this.#tokens.hasNewlineBefore && binding.names.length > 0;
    const names = binding.names.map((name): Doc => [line, this.#tokens.takeVerbatim(name.end)]);
    const docs: Doc[] = [head, indent(...names, names.length > 0 ? softline : '', this.#tokens.take(K.Semicolon))];
    return isExpanded ? broken(...docs) : group(...docs);
  }

  #path(path: readonly AttrName[]): Doc {
    return path.map((part, index): Doc => [index > 0 ? this.#tokens.take(K.Dot) : '', this.#tokens.takeVerbatim(part.end)]);
  }

  // ── expressions ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A blank line where one stands before the next token. */
  #blank(): Doc {
    return this.#tokens.hasBlankBefore ? hardline : '';
  }

  #isParenthesised(expr: Expr): boolean {
    return this.#tokens.kind === K.ParenOpen && this.#tokens.start < expr.start;
  }

  /** An expression with the parentheses around it. `isLast`: as the last argument of a call. */
  expr(expr: Expr, isLast = false): Doc {
    // outside of the groups that the expression makes, which they would break
    const comments = this.#tokens.takeLeading();
    const doc = this.#isParenthesised(expr) ? this.#parentheses(expr, isLast) : this.#bare(expr);
    return comments.length === 0 ? doc : [comments, doc];
  }

  #parentheses(expr: Expr, isLast: boolean): Doc {
    const open = this.#tokens.take(K.ParenOpen);
    const isHugged =
      !(isLast && expr.kind === 'call' && !this.#hasOneBracket(expr)) &&
      this.#isHuggableBare(expr) &&
      !this.#tokens.hasCommentLine &&
      !breaks(open);
    const inner = this.expr(expr);
    const close = [this.#tokens.takeLeading(), this.#tokens.takeImage()];
    const behind = this.#tokens.takeBehind();
    if (!isHugged) return behindOf(group(open, indent(softline, inner), softline, close), behind);
    // the arguments of a call that could not stay open stand below it
    const isList = expr.kind === 'call' && breaks(inner) && !isChoice(inner);
    return behindOf(isList ? broken(open, inner, softline, close) : enclosed(open, inner, close), behind);
  }

  /** Whether an expression, laid out over lines, begins and ends like a bracket: then it stays on the line of what it belongs to. */
  #isHuggable(expr: Expr): boolean {
    return this.#isHuggableBare(expr) || this.#tokens.isParenthesised(expr.start, expr.end);
  }

  /** The same for what is between the parentheses. Remembered: it asks its parts, and every level asks again. */
  #isHuggableBare(expr: Expr): boolean {
    const { kind } = expr;
    if (kind !== 'lambda' && kind !== 'with' && kind !== 'call' && kind !== 'binary') return this.#endsInBracket(expr);
    let known = this.#huggable.get(expr);
    if (known === undefined) {
      known = this.#endsInBracket(expr);
      this.#huggable.set(expr, known);
    }
    return known;
  }

  #endsInBracket(expr: Expr): boolean {
    switch (expr.kind) {
      case 'attrs':
      case 'list':
      case 'legacyLet':
        return true;
      case 'string':
        return expr.style === 'indented' || this.#tokens.isOverLines(expr);
      case 'lambda':
        return expr.param.kind === 'name' && this.#isHuggable(expr.body);
      case 'with':
        return this.#isHuggableBody(expr);
      case 'call':
        return expr.args[0]!.start > expr.fn.start && this.#isHuggable(expr.args.at(-1)!);
      case 'binary':
        return this.#isCompact(expr);
      default:
        return false;
    }
  }

  /** `[ … ] ++ a`: its operators stand below the name, as the bracket's end does. */
  #beginsWithBracket(expr: BinaryExpr): boolean {
    if (expr.op !== '++' && expr.op !== '//' && expr.op !== '+') return false;
    const first = this.#operands(expr)[0]!;
    if (this.#tokens.start !== first.start) return false; // in parentheses
    if (first.kind === 'list') return first.items.length > 0;
    return first.kind === 'attrs' ? first.bindings.length > 0 : first.kind === 'string' && first.style === 'indented';
  }

  /** Whether nothing in a call asks for lines of its own, as a set does. */
  #isPlain(expr: Expr): boolean {
    switch (expr.kind) {
      case 'int':
      case 'float':
      case 'var':
      case 'path':
      case 'searchPath':
        return true;
      case 'string':
        return !this.#tokens.isOverLines(expr);
      case 'select':
        return expr.fallback === undefined && this.#isPlain(expr.target);
      case 'call':
        return this.#isPlain(expr.fn) && expr.args.every((arg) => this.#isPlain(arg));
      default:
        return false;
    }
  }

  /** `f [ … ]`. */
  #hasOneBracket({ args }: CallExpr): boolean {
    const kind = args.length === 1 ? args[0]!.kind : undefined;
    return kind === 'list' || kind === 'attrs';
  }

  #isHuggableBody({ body }: WithExpr): boolean {
    return body.kind !== 'lambda' && body.kind !== 'with' && this.#isHuggable(body);
  }

  /** `a // { … }`: the last operand opens a bracket, and what is before it does not. */
  #isCompact({ op, left, right }: BinaryExpr): boolean {
    const isText = right.kind === 'string' && right.style === 'quoted'; // nothing is won: its lines stay where they are
    if ((op !== '//' && op !== '++' && op !== '+') || isText || !this.#isHuggable(right)) return false;
    return !this.#isHuggable(left) || (op === '//' && right.kind === 'attrs' && this.#isPlain(left));
  }

  #bare(expr: Expr): Doc {
    const tokens = this.#tokens;
    switch (expr.kind) {
      case 'int':
      case 'float':
      case 'var':
      case 'searchPath':
        return tokens.take();
      case 'path':
        return tokens.takeVerbatim(expr.end);
      case 'string':
        return expr.style === 'indented' ? layOutIndented(tokens, expr.end) : tokens.takeVerbatim(expr.end, verbatim);
      case 'list':
        return this.#list(expr);
      case 'attrs':
        return this.#set(expr);
      case 'legacyLet':
        return this.#braces([tokens.take(K.Let), ' '], expr.bindings);
      case 'lambda':
        return this.#lambda(expr, false);
      case 'call':
        return this.#call(expr);
      case 'select': {
        const target = this.expr(expr.target);
        const last = tokens.lastKind;
        // '1.a' and './a.b' would be other tokens
        const gap = last === K.Int || last === K.PathEnd || last === K.Uri || last === K.Float ? ' ' : '';
        const path: Doc = [target, gap, tokens.take(K.Dot), this.#path(expr.path)];
        if (expr.fallback === undefined) return path;
        const or = tokens.take(K.Or);
        if (this.#isHuggable(expr.fallback)) return [path, ' ', or, ' ', this.expr(expr.fallback)];
        return group(path, indent(line, or, ' ', this.expr(expr.fallback)));
      }
      case 'has':
        return [this.expr(expr.target), ' ', tokens.take(K.Question), ' ', this.#path(expr.path)];
      case 'let': {
        const head = tokens.take(K.Let);
        const bindings = this.#bindings(expr.bindings);
        return [head, bindings, hardline, tokens.takeBare(), hardline, this.#blank(), this.expr(expr.body)];
      }
      case 'with':
        return group(this.#with(expr));
      case 'assert':
        return [
          [this.#asserted(expr.condition), tokens.take(K.Semicolon)],
          [hardline, this.#blank(), this.expr(expr.body)],
        ];
      case 'if':
        return group(this.#conditional(expr));
      case 'unary': {
        const op = tokens.take();
        return [op, expr.op === '-' && tokens.kind === K.PathStart ? ' ' : '', this.expr(expr.operand)];
      }
      case 'binary': {
        const docs = this.#chain(expr);
        return docs.length === 1 ? docs[0]! : group(docs);
      }
      default:
        return never(expr);
    }
  }

  #asserted(condition: Expr): Doc {
    const head = this.#tokens.take(K.Assert);
    const { kind } = condition;
    const isIndented = kind === 'binary' || kind === 'if' || kind === 'let' || kind === 'with';
    return isIndented ? this.#value(head, condition) : [head, ' ', this.expr(condition)];
  }

  /** @returns docs for a group. Of several each has a line of its own, with what comes after them, or all have one line. */
  #with(expr: WithExpr): Doc[] {
    const docs: Doc[] = [];
    for (let each = expr; ; ) {
      const { scope, body } = each;
      docs.push([this.#tokens.take(K.With), ' ', this.expr(scope), this.#tokens.take(K.Semicolon)]);
      const isApart = this.#tokens.hasBlankBefore;
      const end = isApart ? doubleLine : line;
      if (body.kind === 'with' && !this.#isParenthesised(body)) {
        docs.push(end);
        each = body;
        continue;
      }
      const isHugged = each === expr && !isApart && this.#isHuggableBody(each) && !this.#tokens.hasCommentLine;
      docs.push(isHugged ? ' ' : end, this.expr(body));
      return docs;
    }
  }

  #list(expr: ListExpr): Doc {
    const isExpanded = this.#tokens.hasNewlineAfterNext;
    const open = this.#tokens.take(K.BracketOpen);
    const startsWithComment = this.#tokens.hasLeading;
    const items = expr.items.map((item, index): Doc => {
      const blank = index > 0 && this.#tokens.hasBlankBefore;
      const doc = this.expr(item);
      return [index === 0 ? '' : blank ? doubleLine : line, doc];
    });
    const hasComments = this.#tokens.hasLeading;
    const comments = this.#commentsBeforeCloser();
    const close = this.#tokens.takeImage();
    const behind = this.#tokens.takeBehind();
    if (items.length === 0) {
      const inner: Doc[] = hasComments ? [indent(hardline, comments), hardline] : [breaks(open) ? hardline : ' '];
      return [open, ...inner, close, behind];
    }
    const only =
      expr.items.length === 1 &&
      !hasComments &&
      !startsWithComment &&
      !isExpanded &&
      !breaks(open) &&
      this.#isHuggableBare(expr.items[0]!) &&
      expr.items[0]!.kind !== 'list';
    if (only) return [open, ' ', items, ' ', close, behind];
    const docs: Doc[] = [open, indent(line, items, hasComments ? [hardline, comments] : ''), line, close];
    return behindOf(isExpanded ? broken(...docs) : group(...docs), behind);
  }

  #lambda(expr: LambdaExpr, isTop: boolean): Doc {
    // outside of the group of the parameters, which they would break
    const comments = expr.param.kind === 'formals' ? this.#tokens.takeLeading() : [];
    const doc = this.#function(expr, isTop);
    return comments.length === 0 ? doc : [comments, doc];
  }

  #function(expr: LambdaExpr, isTop: boolean): Doc {
    const { body } = expr;
    const param = this.#param(expr.param);
    const head: Doc = [param, this.#tokens.take(K.Colon)];
    const isOnOwnLine = expr.param.kind === 'formals' && (isTop || breaks(param) || body.kind === 'let');
    const isNext = body.kind === 'lambda' && !this.#isParenthesised(body);
    const isApart = this.#tokens.hasBlankBefore;
    if (isOnOwnLine || (isTop && (isApart || body.kind === 'let')))
      return [head, hardline, isApart ? hardline : '', isNext && isTop ? this.#lambda(body, true) : this.expr(body)];
    if (isNext) return [head, ' ', this.#lambda(body, isTop)];
    const isHugged = expr.param.kind === 'name' && this.#isHuggable(body) && !this.#tokens.hasCommentLine;
    const doc = this.expr(body);
    if (isHugged) return [head, ' ', doc];
    return group(head, isApart ? doubleLine : line, doc);
  }

  #param(param: Param): Doc {
    const tokens = this.#tokens;
    if (param.kind === 'name') return tokens.take(K.Ident);
    const before: Doc = tokens.kind === K.Ident ? [tokens.take(), tokens.take(K.At)] : '';
    const isExpanded = tokens.hasNewlineAfterNext;
    const open = tokens.take(K.BraceOpen);
    const items: Doc[] = [];
    /** What stands between two parameters: comments before a comma go behind it, to the parameter that they are about. */
    let between: Doc = '';
    let moved: Doc[] = [];
    for (const formal of param.formals) {
      const own = tokens.takeLeading();
      const name = tokens.take(K.Ident);
      const head: Doc = formal.fallback === undefined ? name : [name, ' ', tokens.take(K.Question)];
      const whole = formal.fallback === undefined ? name : this.#value(head, formal.fallback);
      const isApart = tokens.hasBlankBefore;
      const comments = tokens.kind === K.Comma ? tokens.takeLeading() : [];
      moved = breaks(comments) ? comments : [];
      items.push([between, own, whole, moved.length > 0 ? '' : comments, this.#comma()]);
      between = [isApart || tokens.hasBlankBefore ? doubleLine : line, moved];
    }
    if (param.isOpen) {
      items.push([items.length > 0 ? between : '', tokens.take(K.Ellipsis)]);
      moved = [];
    }
    const hasComments = tokens.hasLeading || moved.length > 0;
    const comments = [moved.length > 0 && !tokens.hasLeading ? withoutEnd(moved) : moved, this.#commentsBeforeCloser()];
    const close = tokens.takeBare();
    const inner: Doc =
      items.length === 0 && !hasComments
        ? [open, ' ', close]
        : (isExpanded ? broken : group)(open, indent(line, items, hasComments ? [hardline, comments] : ''), line, close);
    const after: Doc = tokens.kind === K.At ? [tokens.take(), tokens.take(K.Ident)] : '';
    return [before, inner, after];
  }

  #comma(): Doc {
    if (this.#tokens.kind !== K.Comma) return '';
    // a URI would swallow the comma
    return [this.#tokens.lastKind === K.Uri ? ' ' : '', this.#tokens.take(K.Comma)];
  }

  #call(expr: CallExpr): Doc {
    const [first] = expr.args;
    const tokens = this.#tokens;
    if (first!.start < expr.fn.start) {
      // x |> f
      const left = this.expr(first!);
      return group(left, line, tokens.take(), ' ', this.expr(expr.fn));
    }
    const fn = this.expr(expr.fn);
    if (tokens.kind === K.PipeFrom) {
      return group(fn, ' ', tokens.take(), indent(line, this.expr(first!)));
    }
    const args: Doc[] = [];
    /** The one argument that stays open over lines: the last, or the only one that must break. */
    let hugged: number | undefined;
    let nBreaking = 0;
    expr.args.forEach((arg, index) => {
      const isLast = index === expr.args.length - 1;
      const canHug = !tokens.hasCommentLine && this.#isHuggable(arg);
      const doc = this.expr(arg, isLast);
      const isBreaking = breaks(doc);
      if (isBreaking) nBreaking++;
      if (canHug && (isBreaking || (isLast && hugged === undefined))) hugged = index;
      args.push(doc);
    });
    const otherwise = group(fn, indent(args.map((arg): Doc => [line, arg])));
    if (hugged === undefined || nBreaking > 1 || (nBreaking === 1 && !breaks(args[hugged]!))) return otherwise;
    const before = args.slice(0, hugged).map((arg): Doc => [arg, ' ']);
    const behind = args.slice(hugged + 1).map((arg): Doc => [' ', arg]);
    if (breaks(fn)) return [fn, ' ', before, args[hugged]!, behind];
    return choice([fn, ' ', before], [args[hugged]!, behind], otherwise);
  }

  #conditional(expr: Extract<Expr, { kind: 'if' }>): Doc {
    const tokens = this.#tokens;
    const docs: Doc[] = [];
    let current: Expr = expr;
    for (;;) {
      docs.push(tokens.take(K.If));
      const isHugged = this.#isParenthesised(current.condition);
      const behind = isHugged ? '' : tokens.takeBehindOf(current.condition);
      const condition = this.expr(current.condition);
      docs.push(isHugged ? [' ', condition, ' '] : group(indent(line, condition, behind), line));
      docs.push(behind === '' ? '' : breaker, tokens.take(K.Then));
      docs.push(indent(line, this.expr(current.then)), line, tokens.take(K.Else));
      const { otherwise }: { otherwise: Expr } = current;
      if (otherwise.kind !== 'if' || this.#isParenthesised(otherwise)) {
        docs.push(indent(line, this.expr(otherwise)));
        return docs;
      }
      docs.push(' ');
      current = otherwise;
    }
  }

  /** A chain of operators of one precedence, each on a line of its own where the chain does not fit. */
  #chain(expr: BinaryExpr): Doc[] {
    const [first, ...others] = this.#operands(expr);
    const isCompact = this.#isCompact(expr);
    const docs: Doc[] = [this.expr(first!)];
    others.forEach((operand, index) => {
      const isLast = index === others.length - 1;
      const operator = this.#tokens.take();
      const isBelow = this.#tokens.hasCommentLine;
      const isHugged = isCompact && isLast && !isBelow && !breaks(docs) && !breaks(operator);
      const doc = this.expr(operand);
      if (!isHugged) docs.push(line, operator, ' ', isBelow ? indent(doc) : doc);
      else docs.splice(0, docs.length, choice([...docs, line, operator, ' '], doc, group(...docs, line, operator, ' ', doc)));
    });
    return docs;
  }

  /** What the operators of a chain stand between. Chains may be long: no recursion. */
  #operands(expr: BinaryExpr): Expr[] {
    const precedence = binaryPrecedence(expr.op);
    const operands: Expr[] = [];
    const rest: Expr[] = [expr.right, expr.left];
    const isParenthesised = ({ start, end }: Expr): boolean => this.#tokens.isParenthesised(start, end);
    for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
      if (each.kind !== 'binary' || binaryPrecedence(each.op) !== precedence || isParenthesised(each)) operands.push(each);
      else rest.push(each.right, each.left);
    }
    return operands;
  }
}
