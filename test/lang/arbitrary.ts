/** Random source texts for the properties: valid ones of the whole grammar, and hostile ones. */
import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'c', "d'", 'e-f', '_g', 'x1', 'tier', 'package', 'builtins');
const attr = fc.oneof(
  { weight: 6, arbitrary: name },
  fc.constantFrom('or', '"if"', '"a b"', '"\\n"', '${"q"}', "''r''", '"\\${s}"').map((text) => (text === "''r''" ? "${''r''}" : text)),
);
const blank = fc.oneof(
  { weight: 12, arbitrary: fc.constant(' ') },
  fc.constantFrom('\n', '\n\n', '  \t', '\r\n', '\n    ', '\n\n\n'),
);
const comment = fc.constantFrom('# note\n', ' # x } ;\n', '/* in */', ' /* two\n   lines */ ', '/**/', '\n# own\n', '\n\n# far\n\n', '#\n');

/** Joins tokens by random blanks (and comments). */
const spaced = (tokens: readonly fc.Arbitrary<string>[], withComments: boolean): fc.Arbitrary<string> => {
  const gap = withComments ? fc.oneof({ weight: 12, arbitrary: blank }, comment.map((text) => ` ${text} `)) : blank;
  return fc.tuple(fc.tuple(...tokens), fc.array(gap, { minLength: tokens.length, maxLength: tokens.length })).map(([texts, gaps]) =>
    texts.map((text, i) => text + (i + 1 < texts.length ? gaps[i]! : '')).join(''),
  );
};

export interface SourceOptions {
  readonly comments?: boolean;
  /** What Nix 2.8 does not know or prints in its own way is left out. */
  readonly old?: boolean;
}

/** Source text of a valid expression. */
export function expressions({ comments = false, old = false }: SourceOptions = {}): fc.Arbitrary<string> {
  const put = (...tokens: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
    spaced(
      tokens.map((token) => (typeof token === 'string' ? fc.constant(token) : token)),
      comments,
    );
  const many = (item: fc.Arbitrary<string>, maxLength = 3): fc.Arbitrary<string> =>
    fc.array(item, { maxLength }).chain((items) => (items.length === 0 ? fc.constant(' ') : put('', ...items, '')));
  const limit = { maxDepth: 4, depthIdentifier: fc.createDepthIdentifier(), withCrossShrink: true };
  const { expr } = fc.letrec<Record<'expr' | 'simple' | 'select' | 'operand' | 'binding' | 'string' | 'indented' | 'path', string>>((tie) => {
    const leaf = fc.oneof(
      { weight: 5, arbitrary: name },
      fc.constantFrom('1', '0', '42', '9223372036854775807', '1.5', '0.25e-3', '.5', '12.', '1.e9', '""', '"s"', 'x:y', 'http://a.b/c?d=e', '<n/p>'),
      tie('string'),
      tie('indented'),
      tie('path'),
    );
    const path = fc.array(attr, { minLength: 1, maxLength: 3 }).chain((parts) => put(...parts.flatMap((p, i) => (i === 0 ? [p] : ['.', p]))));
    const dynamic = put('${', tie('expr'), '}');
    const formal = fc.oneof(fc.constant(''), put('?', tie('expr')));
    const formals = fc
      .tuple(fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: old ? 1 : 3 }), fc.boolean(), fc.boolean())
      .chain(([names, isOpen, trailing]) => {
        const items: (string | fc.Arbitrary<string>)[] = names.flatMap((each, i) => [i === 0 ? '' : ',', each, formal]);
        if (isOpen) items.push(...(names.length > 0 ? [','] : []), '...');
        else if (trailing && names.length > 0) items.push(',');
        return put('{', ...items, '}');
      });
    return {
      simple: fc.oneof(
        limit,
        { weight: 6, arbitrary: leaf },
        put('(', tie('expr'), ')'),
        many(tie('select')).map((items) => `[${items}]`),
        put('{', tie('binding'), '}'),
        put('rec', '{', tie('binding'), '}'),
        ...(old ? [] : [put('let', '{', tie('binding'), '}')]),
      ),
      select: fc.oneof(
        limit,
        { weight: 4, arbitrary: tie('simple') },
        put(tie('simple'), '.', path),
        put(tie('simple'), '.', path, 'or', tie('select')),
        put(tie('simple'), '.', dynamic),
        put('(', tie('simple'), ')', 'or'),
      ),
      operand: fc.oneof(
        limit,
        { weight: 4, arbitrary: tie('select') },
        put(tie('select'), tie('select'), tie('select')),
        put('!', tie('operand')),
        put('-', tie('select')),
        put(tie('select'), '?', path),
      ),
      expr: fc.oneof(
        limit,
        { weight: 4, arbitrary: tie('operand') },
        put(tie('operand'), fc.constantFrom('->', '||', '&&', '//', '+', '-', '*', '/', '++'), tie('operand')),
        put(tie('operand'), fc.constantFrom('++', '+', '*'), tie('operand'), fc.constantFrom('//', '->', '||', '<', '=='), tie('operand')),
        put(tie('operand'), fc.constantFrom('==', '!=', '<', '>', '<=', '>='), tie('operand')),
        put('if', tie('expr'), 'then', tie('expr'), 'else', tie('expr')),
        // old versions print the names of `let` in the order of their creation: one only
        put('let', old ? put('k', '=', tie('expr'), ';') : tie('binding'), 'in', tie('expr')),
        put('with', tie('expr'), ';', tie('expr')),
        put('assert', tie('expr'), ';', tie('expr')),
        put(name, ':', tie('expr')),
        put(formals, ':', tie('expr')),
        put(formals, '@', 'all', ':', tie('expr')),
        put('all', '@', formals, ':', tie('expr')),
      ),
      // distinct first names, so that nothing is defined twice
      binding: fc.tuple(fc.uniqueArray(fc.constantFrom('k', 'l', 'm', 'n', '"o o"'), { maxLength: 3 }), fc.boolean()).chain(([names, merged]) => {
        const binds = names.map((each, i) =>
          i === 2 && !old ? put('inherit', '(', tie('expr'), ')', each, ';') : put(each, '=', tie('expr'), ';'),
        );
        if (merged) binds.push(put('u.v', '=', tie('expr'), ';'), put('u.w.x', '=', tie('expr'), ';'), put('u', '=', '{', 'y', '=', tie('expr'), ';', '}', ';'));
        return binds.length === 0 ? fc.constant(' ') : put(...binds);
      }),
      string: fc
        .array(fc.oneof(fc.constantFrom('t', ' ', '\\n', '\\"', '\\\\', '\n', "'", "''", '#', '/*', '\\t', 'é'), ...(old ? [] : [fc.constantFrom('$', '$$', '\\${')]), tie('expr').map((e) => `\${${e}\n}`)), { maxLength: 4 })
        .map((parts) => `"${parts.join('').replace(/\$(?=\$\{)/g, '')}"`),
      indented: fc
        .array(
          fc.oneof(
            fc.constantFrom('\n', '\n  ', '\n    ', 'text', ' ', '  ', '\t', '\n\n', '"', '#', "a'b"),
            ...(old ? [] : [fc.constantFrom("''$", "'''", "''\\n", "''\\t", '$x')]),
            // old versions keep the empty piece before an interpolation
            tie('expr').map((e) => `${old ? 'x' : ''}\${${e}\n}`),
          ),
          { maxLength: 8 },
        )
        .map((parts) => `''${parts.join('').replace(/'$/, '')}''`),
      path: fc.oneof(
        fc.constantFrom('./a', '../b/c', '/d', './.', 'a/b', '~/h', '/e/../f', './1.5/-x'),
        tie('expr').map((e) => `./a\${${e}\n}/b`),
        tie('expr').map((e) => `/\${${e}\n}c`),
      ),
    };
  });
  return expr;
}

/** Texts that are almost never valid: tokens of the language in any order, and any bytes. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...'{ } ( ) [ ] ; , . : = @ ? ! - + * / // ++ -> && || == != < > <= >= |> <| ... ${ " \'\' # /* */ \\ $ ~ & | %'.split(' ')),
        fc.constantFrom('if', 'then', 'else', 'let', 'in', 'with', 'assert', 'rec', 'inherit', 'or', 'a', 'b', '1', '.5', './a', '"s"', '\n', ' ', 'x:y', '<a>'),
        fc.constantFrom('package', 'tier', 'split', 'system', 'tree', 'override', 'package p "1" {', 'tier t {'),
      ),
      { maxLength: 40 },
    )
    .chain((tokens) => fc.constantFrom(' ', '', '\n').map((gap) => tokens.join(gap))),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.string({ maxLength: 60 }),
);
