import { defineCodes } from '../base/index.ts';

/** Everything that can be wrong with the text of a file. */
export const langCodes = defineCodes({
  'E-LANG-001': {
    title: 'unexpected text',
    explanation:
      'The parser met something that cannot stand there. The message says what it expected; often the mistake is just before the place shown.',
    wrong: '{ a = ; }',
    right: '{ a = 1; }',
  },
  'E-LANG-002': {
    title: "missing ';'",
    explanation: "Every binding ends in ';', the last one too, and so do `inherit`, `with e` and `assert e`.",
    wrong: '{ a = 1\n  b = 2; }',
    right: '{ a = 1;\n  b = 2; }',
  },
  'E-LANG-003': {
    title: 'unclosed bracket',
    explanation: 'An opening bracket has no closing one. The label shows the bracket that most likely lacks its partner.',
    wrong: '{ a = [ 1 2; }',
    right: '{ a = [ 1 2 ]; }',
  },
  'E-LANG-004': {
    title: 'stray closing bracket',
    explanation: 'A closing bracket has no opening one, or closes a bracket of another kind.',
    wrong: '{ a = 1; } }',
    right: '{ a = 1; }',
  },
  'E-LANG-005': {
    title: 'unclosed string',
    explanation:
      'A string runs to the end of the file. Strings may span lines; the label shows where the one without its closing quote begins.',
    wrong: '{ a = "hello; }',
    right: '{ a = "hello"; }',
  },
  'E-LANG-006': {
    title: 'unclosed comment',
    explanation: "A comment opened by '/*' runs to the end of the file. Such comments do not nest.",
    wrong: '/* a note',
    right: '/* a note */',
  },
  'E-LANG-007': {
    title: 'unclosed interpolation',
    explanation: "An interpolation '${' has no closing '}'. To write the two characters literally, escape them.",
    wrong: '"${name"',
    right: '"${name}"',
  },
  'E-LANG-008': {
    title: 'unexpected character',
    explanation: 'No token of the language begins with this character outside strings and comments.',
    wrong: '{ a = “x”; }',
    right: '{ a = "x"; }',
  },
  'E-LANG-009': {
    title: 'number too large',
    explanation: 'Integers are signed 64-bit numbers, -9223372036854775808 to 9223372036854775807; floats are IEEE doubles.',
    wrong: '9223372036854775808',
    right: '9223372036854775807',
  },
  'E-LANG-010': {
    title: 'NUL byte in a source',
    explanation: 'Strings cannot hold NUL bytes, so sources must not. Such a file is rarely text.',
  },
  'E-LANG-011': {
    title: 'attribute defined twice',
    explanation:
      'A set or `let` defines the same name twice. Two sets given for one name are merged (`a.b = 1; a.c = 2;`); other values are not.',
    wrong: '{ a = 1; a = 2; }',
    right: '{ a = 2; }',
  },
  'E-LANG-012': {
    title: 'argument named twice',
    explanation: 'A function takes two arguments of the same name, or names its whole argument like one of them.',
    wrong: '{ a, a }: a',
    right: '{ a, b }: a',
  },
  'E-LANG-013': {
    title: 'operators that do not chain',
    explanation:
      'Comparisons have no associativity, and the two pipe operators cannot be mixed: parentheses must say what is meant.',
    wrong: 'a < b < c',
    right: 'a < b && b < c',
  },
  'E-LANG-014': {
    title: 'pipe operators are off',
    explanation: "'|>' and '<|' are an experiment of the language. They must be enabled before a file can use them.",
    wrong: 'x |> f',
    right: 'f x',
  },
  'E-LANG-015': {
    title: 'dynamic name where names must be fixed',
    explanation: '`let` and `inherit` need names that are known when the file is read.',
    wrong: 'let ${n} = 1; in 2',
    right: '{ ${n} = 1; }',
  },
  'E-LANG-016': {
    title: 'malformed path',
    explanation: 'A path literal ends in a slash or has two in a row.',
    wrong: './src/',
    right: './src',
  },
  'E-LANG-017': {
    title: 'incomplete if',
    explanation: "`if` is an expression: it always has a 'then' and an 'else'.",
    wrong: 'if a then b',
    right: 'if a then b else null',
  },
  'E-LANG-018': {
    title: "missing 'in'",
    explanation: "The bindings of `let` are followed by 'in' and the expression they are for.",
    wrong: 'let a = 1; a',
    right: 'let a = 1; in a',
  },
  'E-LANG-019': {
    title: 'wrong sign between name and value',
    explanation:
      "In sets and `let`, '=' stands between a name and its value; ':' belongs to functions and '==' compares. Names are not quoted as in JSON.",
    wrong: '{ "a": 1 }',
    right: '{ a = 1; }',
  },
  'E-LANG-020': {
    title: 'comma or semicolon out of place',
    explanation: "Lists are separated by blanks, sets by ';'. Commas separate the arguments of `{ a, b }: …` only.",
    wrong: '[ 1, 2 ]',
    right: '[ 1 2 ]',
  },
  'E-LANG-021': {
    title: 'no such operator',
    explanation: 'The operator exists in other languages.',
    wrong: 'a === b',
    right: 'a == b',
  },
  'E-LANG-022': {
    title: 'conditional operator',
    explanation: "'?' asks whether a set has an attribute, or gives a function's argument a default. Choices are made with `if`.",
    wrong: 'a ? b : c',
    right: 'if a then b else c',
  },
  'E-LANG-023': {
    title: 'nesting too deep',
    explanation:
      'Brackets, functions or `if`s are nested deeper than the parser allows. Only generated files get there: make them flatter.',
  },
  'E-LANG-024': {
    title: 'package without version',
    explanation: 'A package declaration gives name, version and fields.',
    wrong: 'package zlib { }',
    right: 'package zlib "1.3.2" { }',
  },
  'E-LANG-025': {
    title: 'declaration without name',
    explanation: 'Every declaration but `tree` has a name: an identifier or a string in quotes.',
    wrong: 'tier { }',
    right: 'tier core { }',
  },
  'E-LANG-026': {
    title: 'not a declaration',
    explanation:
      'A file of declarations holds `tier`, `package`, `override`, `system` and `tree`, one after the other; `split` stands inside a package or override.',
    wrong: 'pakage zlib "1.3.2" { }',
    right: 'package zlib "1.3.2" { }',
  },
  'E-LANG-027': {
    title: 'keyword as a name',
    explanation: 'Keywords can be attribute names, in quotes.',
    wrong: '{ if = 1; }',
    right: '{ "if" = 1; }',
  },
  'E-LANG-028': {
    title: 'parentheses needed',
    explanation:
      'Functions, `if`, `let`, `with` and `assert` reach as far as they can; as an operand, an argument or an item of a list they need parentheses.',
    wrong: '[ x: x ]',
    right: '[ (x: x) ]',
  },
  'E-LANG-029': {
    title: 'text after the end',
    explanation: 'A file of one expression holds something behind it.',
    wrong: '{ a = 1; };',
    right: '{ a = 1; }',
  },
  'E-LANG-030': {
    title: 'URL literal',
    explanation: 'A URL without quotes, where `--lint-url-literals` asks to be told (`warn`) or refuses it (`fatal`).',
    wrong: 'http://example.com',
    right: '"http://example.com"',
  },
  'E-LANG-031': {
    title: 'path literal without a dot',
    explanation:
      'A relative path that begins with a name, where `--lint-short-path-literals` asks to be told (`warn`) or refuses it (`fatal`).',
    wrong: 'src/main.c',
    right: './src/main.c',
  },
  'E-LANG-032': {
    title: 'absolute path literal',
    explanation:
      'A path that begins with `/` or `~`, where `--lint-absolute-path-literals` asks to be told (`warn`) or refuses it (`fatal`): it means something else on every machine.',
    wrong: '/etc/os-release',
    right: './os-release',
  },
  'E-LANG-033': {
    title: '`or` as a name',
    explanation:
      'A warning. `f or` as an argument, an item of a list or a default calls `f` with a variable named `or`. Where `or` is an ordinary name, as Nix wants it to become, these are two arguments or items. Parentheses mean the same then and now.',
    wrong: '[ (x: x) or ]',
    right: '[ ((x: x) or) ]',
  },
  'E-LANG-034': {
    title: 'a default of the shell, taken for an address',
    explanation:
      "A warning. `${NAME:-text}` within a string is an interpolation of the language, and `NAME:-text` an address without quotes: a string of just these letters. What is meant for the shell stands behind `''` in an indented string, and behind a backslash in a quoted one.",
    wrong: "''echo ${CC:-cc}''",
    right: "''echo ''${CC:-cc}''",
  },
});
