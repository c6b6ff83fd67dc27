/** One recipe as one `package` declaration, the way a person would have written it. */
import { didYouMean } from '../../base/index.ts';
import { reference } from '../names.ts';
import type { Finding } from '../report.ts';
import type { ShellScript } from '../shell-script.ts';
import {
  Template,
  type Written,
  writeComment,
  writeData,
  writeList,
  writeName,
  writePath,
  writeString,
  writeText,
} from '../written.ts';
import { bodyOf, idleComment, type PhaseContext, phaseText, preludeOf, type Uses, withoutComments } from './phases.ts';
import { postInstallOf } from './post-install.ts';
import { EDGES, type Recipe, type RecipeSource } from './recipe.ts';
import { AUTOTOOLS_FOLDERS, type PhaseBodies, type PhaseWord, type Recognised, recogniseStyle } from './styles.ts';
import { resolveText, resolveUrl } from './variables.ts';

export interface DeclarationInput {
  readonly recipe: Recipe;
  /** Absent where there is no build.sh: then the style is used. */
  readonly script?: ShellScript;
  /** Names of the tree. */
  readonly packages: ReadonlyMap<string, Recipe>;
  readonly context: Omit<PhaseContext, 'find' | 'tests' | 'version' | 'sourceNames' | 'artifacts' | 'name'>;
  readonly findings: Finding[];
}

export interface WrittenDeclaration {
  readonly text: string;
  readonly style: string;
}

const PHASES: readonly PhaseWord[] = ['configure', 'build', 'check', 'install'];

/** Cost: linear in the recipe and its script. */
export function declare(input: DeclarationInput): WrittenDeclaration {
  const { recipe, script, packages, findings } = input;
  const find = (kind: Finding['kind'], about: string, text: string): void => {
    findings.push({ kind, name: recipe.name, about, text });
  };
  const context: PhaseContext = {
    ...input.context,
    name: recipe.name,
    tests: recipe.tests,
    version: recipe.version,
    sourceNames: recipe.sources.map((source) => fileNameOf(source, recipe)),
    artifacts: new Set(recipe.artifacts.map((name) => name.replaceAll('${version}', recipe.version))),
    find,
  };
  const out: string[] = [];
  let verifyLater: readonly string[] = [];
  const field = (name: string, value: string): void => {
    out.push(`  ${name} = ${value};\n`);
  };
  const gap = (): void => {
    if (out.at(-1) !== '\n') out.push('\n');
  };

  field('tier', recipe.tier);
  field('summary', writeString(recipe.summary));
  field('license', writeString(recipe.license));
  if (recipe.homepage !== undefined) field('homepage', writeString(recipe.homepage));
  if (recipe.release !== 1) field('release', String(recipe.release));
  gap();
  const bundled = readBundled();
  writeSources();
  writePatches();
  gap();
  for (const kind of EDGES) writeDependencies(kind);
  const named = EDGES.flatMap((kind) => recipe.dependencies[kind].map(({ name }) => name));
  const lacking = [...new Set(named)].filter((name) => !packages.has(name)).map((name) => ({ text: writeString(name) }));
  if (lacking.length > 0) field('lacks', writeList(lacking, '  '));
  gap();
  const style = writeBuild();
  gap();
  const replaced = recipe.supersedes.map((name) => {
    if (!packages.has(name)) find('dangling', 'supersedes', `'${name}' is not in this tree`);
    return { text: packages.has(name) ? reference(name) : writeString(name) };
  });
  if (replaced.length > 0) field('supersedes', writeList(replaced, '  '));
  writeVerifyPaths();
  if (recipe.pending !== undefined) field('pending', writeString(recipe.pending));
  writeMeta();

  const header = headerOf(recipe, script);
  while (out.at(-1) === '\n') out.pop();
  return { text: `${header}package ${writeName(recipe.name)} ${writeString(recipe.version)} {\n${out.join('')}}\n`, style };

  function writeSources(): void {
    if (recipe.sources.length === 0) return;
    const isOnly = recipe.sources.length === 1;
    const items = recipe.sources.map((source, index) => {
      const indent = isOnly ? '  ' : '    ';
      const name =
        source.filename === undefined ? '' : `${indent}  name = ${writeString(resolveText(source.filename, recipe))};\n`;
      const url = writeString(resolveUrl(source.url, recipe, find));
      const file = `fetchurl {\n${indent}  url = ${url};\n${name}${indent}  sha256 = "${source.sha256}";\n${indent}}`;
      // igos-build unpacks the first source, and puts bundled ones into it; with all others build.sh does what it wants.
      const into = index === 0 ? undefined : bundled.get(source);
      const place = into === undefined ? 'unpack = false' : `into = ${writeString(into)}`;
      const text = index > 0 ? `{ file = ${file}; ${place}; }` : isOnly ? file : `(${file})`;
      return { text, ...(source.comment === undefined ? {} : { comment: source.comment }) };
    });
    const [only] = items;
    if (!isOnly) field('source', writeList(items, '  '));
    else {
      if (only!.comment !== undefined) out.push(writeComment(only!.comment, '  '));
      field('source', only!.text);
    }
  }

  function writePatches(): void {
    if (recipe.patches.length === 0) return;
    const items = recipe.patches.map(({ file, sha256 }) => {
      if (context.takePatch(file)) return { text: writePath(`./${recipe.name}/${file}`) };
      find('missing', 'patches', `'${file}' is not in the checkout`);
      // Named by its hash: a build asks for it instead of going on without it.
      return sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)
        ? {
            text: `(fetchurl { url = ${writeString(`file:///sources/${file}`)}; sha256 = "${sha256}"; })`,
            comment: 'Not in the checkout.',
          }
        : { text: '', comment: `'${file}' is not in the checkout, and has no hash.` };
    });
    field('patches', writeList(items, '  '));
  }

  function writeDependencies(kind: (typeof EDGES)[number]): void {
    const items = recipe.dependencies[kind].map(({ name, comment }) => {
      if (packages.has(name)) return { text: reference(name), ...(comment === undefined ? {} : { comment }) };
      const near = didYouMean(name, packages.keys())[0];
      find('dangling', `dependencies.${kind}`, `'${name}' is not in this tree${near === undefined ? '' : `; ${near}`}`);
      return { text: '', comment: [comment, `'${name}' is not in this tree.`].filter((each) => each !== undefined).join('\n') };
    });
    if (items.length > 0) field(kind, writeList(items, '  '));
  }

  /** Style, phases, check, environment. Returns the style's name. */
  function writeBuild(): string {
    if (script === undefined) return writeDeclaredStyle();
    if (script.problem !== undefined) return writeWhole(script.problem);
    const install = recipe.installFunction;
    const functionOf = (phase: PhaseWord) =>
      script.functions.find(({ name }) => name === (phase === 'install' ? install : phase));
    const bodies: Partial<Record<PhaseWord, string>> = {};
    for (const phase of PHASES) {
      const found = functionOf(phase);
      if (found === undefined) continue;
      const body = bodyOf(found);
      if (body !== '') bodies[phase] = body;
    }
    const recognised = recogniseStyle(withPlainTests(bodies));
    const uses: Uses = { root: false, targetTriple: false };
    const texts = new Map<string, Written>();
    const names = new Set([...PHASES, install, 'post_install'].filter((name) => name !== 'install' || install === 'install'));
    for (const phase of PHASES) {
      const body = bodies[phase];
      const found = functionOf(phase);
      if (body === undefined) {
        if (found !== undefined) writeIdle(phase, idleComment(found));
        // The style would do what build.sh leaves out.
        if (recognised !== undefined && phase !== 'check' && phase !== 'configure') texts.set(phase, ['']);
        continue;
      }
      if (recognised?.byStyle.has(phase)) continue;
      const prelude = preludeOf(script, body, names, found!.name);
      const above = found?.comment ?? '';
      const whole = [above, prelude, body].filter((part) => part !== '').join('\n');
      texts.set(phase, phaseText(whole, context, uses));
    }
    if (texts.get('install') === undefined && recognised === undefined) {
      find('odd', 'build.sh', `has no function '${install}', so nothing is installed`);
      texts.set('install', [':']);
    }
    const unused = script.functions.filter(({ name }) => !names.has(name) && !isCalled(name, script));
    for (const { name } of unused) find('unknown', 'build.sh', `nothing calls its function '${name}'`);
    if (recognised === undefined) field('style', 'custom');
    else writeStyle(recognised);
    const hasPolicy = bodies.check !== undefined && /\bpkg_run_tests\b/.test(withoutComments(bodies.check));
    writeCheck(recognised, bodies.check !== undefined, hasPolicy);
    if (uses.root && texts.has('install')) texts.set('install', ['IGOS=$DESTDIR\n', ...texts.get('install')!]);
    writePhases(texts);
    writeEnvironment(uses);
    writePostInstall();
    if (recipe.flags.length > 0 && recognised === undefined) noteFlags();
    return recognised?.style ?? 'custom';
  }

  function writeIdle(phase: PhaseWord, comment: string): void {
    if (comment.trim() === '') return;
    out.push(writeComment(`${phase}: ${comment.replace(/^\s+/, '')}`, '  '));
  }

  function writeStyle({ style, flags, buildDir }: Recognised): void {
    const items = flags.map((flag) => ({ text: writeString(flag) }));
    const options = [
      ...(buildDir === undefined ? [] : [`buildDir = ${writeString(buildDir)};`]),
      ...(items.length === 0 ? [] : [`flags = ${writeList(items, '    ')};`]),
    ];
    if (options.length === 0) field('style', style);
    else if (options.length === 1) field('style', `${style} { ${options[0]} }`);
    else field('style', `${style} {\n    ${options.join('\n    ')}\n  }`);
  }

  /** No build.sh: igos-build runs the style, with its check. */
  function writeDeclaredStyle(): string {
    if (recipe.style === 'custom') {
      find('missing', 'build.sh', 'the recipe says build_style custom, and there is no build.sh');
      field('style', 'custom');
      writePhases(new Map([['install', ['echo "there is no build.sh" >&2\nexit 1']]]));
      return 'custom';
    }
    const given = recipe.style === 'autotools' ? ['--prefix=/usr', ...AUTOTOOLS_FOLDERS] : [];
    const flags = recipe.flags.filter((flag) => !given.includes(flag));
    for (const flag of flags) {
      if (flag.includes('$')) find('odd', 'configure_flags', `'${flag}' is passed in quotes: the shell replaces nothing in it`);
      if (flag.startsWith('--prefix=') && recipe.style === 'autotools') {
        find(
          'changed',
          'configure_flags',
          'has a prefix of its own, which stands behind the --prefix=/usr of the style, and wins',
        );
      }
    }
    if (recipe.style === 'autotools' && recipe.flags.length > 0 && !recipe.flags.some((flag) => flag.startsWith('--prefix='))) {
      find('changed', 'configure_flags', 'has no --prefix; igos-build passes none then, our style passes --prefix=/usr');
    }
    const items = flags.map((flag) => ({ text: writeString(flag) }));
    field('style', items.length === 0 ? recipe.style : `${recipe.style} { flags = ${writeList(items, '    ')}; }`);
    field('check', 'true');
    writeEnvironment({ root: flags.some((flag) => /\$IGOS\b/.test(flag)), targetTriple: false });
    return recipe.style;
  }

  /** A script that cannot be taken apart is run as it is, phase by phase. */
  function writeWhole(problem: string): string {
    find('changed', 'build.sh', `is run as a whole, by bash: ${problem}`);
    const texts = new Map<string, Written>();
    for (const phase of PHASES) {
      const called = phase === 'install' ? recipe.installFunction : phase;
      texts.set(phase, [
        'bash -ec \'. "$1"; if declare -f "$2" >/dev/null; then "$2"; fi\' bash ',
        { code: `./${recipe.name}/build.sh` },
        ` ${called}`,
      ]);
    }
    field('style', 'custom');
    writePhases(texts);
    writeEnvironment({ root: false, targetTriple: true });
    return 'custom';
  }

  /** igos-build runs `check` where there is one; `tests` says something only to `pkg_run_tests`. */
  function writeCheck(recognised: Recognised | undefined, hasCheck: boolean, hasPolicy: boolean): void {
    const { tests } = recipe;
    if (tests !== undefined && !hasPolicy) find('unknown', 'tests', 'build.sh does not call pkg_run_tests, which reads it');
    const reason = tests?.reason ?? 'no reason given';
    if (hasPolicy && tests?.isEnabled === false) field('check', `{ skip = ${writeString(reason)}; }`);
    else if (hasPolicy && tests?.policy === 'known_failures') field('check', `{ knownFailures = ${writeString(reason)}; }`);
    else if (recognised?.byStyle.has('check') && hasCheck) {
      if (recognised.style === 'autotools') field('check', 'true');
    } else if (!hasCheck && (recognised?.style === 'cmake' || recognised?.style === 'meson')) field('check', 'false');
  }

  /** Bundled sources, and where in the first one they go. */
  function readBundled(): ReadonlyMap<RecipeSource, string> {
    const found = new Map<RecipeSource, string>();
    for (const { source, place } of recipe.bundled) {
      const file = recipe.sources.slice(1).find((each) => fileNameOf(each, recipe).includes(source));
      if (file === undefined) {
        find('missing', 'bundled_deps', `no source has '${source}' in its name`);
        continue;
      }
      const resolved = place.replaceAll('${version}', recipe.version);
      const top = `${recipe.name.replace(/-(pass\d+|tmp|core)$/, '')}-${recipe.version}/`;
      const inside = resolved.startsWith(top) ? resolved.slice(top.length) : resolved;
      if (inside !== resolved) {
        find(
          'changed',
          'bundled_deps',
          `'${resolved}' counts the top folder of the sources, which is stripped: put at '${inside}'`,
        );
      }
      found.set(file, inside);
    }
    return found;
  }

  function writePhases(texts: ReadonlyMap<string, Written>): void {
    for (const phase of PHASES) {
      const text = texts.get(phase);
      if (text !== undefined) field(`phases.${phase}`, writeText(text, '  '));
    }
  }

  function writeEnvironment(uses: Uses): void {
    const more = [
      ...(uses.root ? ['IGOS = "/";'] : []),
      ...(recipe.targetTriple !== undefined || uses.targetTriple
        ? [`IGOS_TARGET = ${writeString(recipe.targetTriple ?? 'x86_64-igos-linux-gnu')};`]
        : []),
    ];
    if (uses.root) {
      find('changed', 'build.sh', '$IGOS, the root that InterGenOS builds into, is / until the install phase and $DESTDIR in it');
    }
    field('env', `import ../environment.nix${more.length === 0 ? '' : ` // { ${more.join(' ')} }`}`);
  }

  function writePostInstall(): void {
    const found = script?.functions.find(({ name }) => name === 'post_install');
    if (found === undefined || script === undefined) return;
    const post = postInstallOf(found, script, recipe, find);
    if (post.comment !== '') out.push(writeComment(post.comment, '  '));
    for (const [service, isEnabled] of post.services)
      field(`services.${writeName(service)}`, isEnabled ? '"enable"' : '"disable"');
    if (post.run === undefined) return;
    const paths = writeList(
      post.paths.map((path) => ({ text: writeString(path) })),
      '    ',
    );
    field(`triggers.${writeName(recipe.name)}`, `{\n    paths = ${paths};\n    run = ${writeText(post.run, '    ')};\n  }`);
  }

  function noteFlags(): void {
    const text = Object.values(script!.functions)
      .map((each) => each.body)
      .join('\n');
    const unused = recipe.flags.filter((flag) => !text.includes(flag));
    if (unused.length > 0) {
      find(
        'unknown',
        'configure_flags',
        `build.sh is run instead, which does not say ${unused.map((flag) => `'${flag}'`).join(', ')}`,
      );
    }
  }

  function writeVerifyPaths(): void {
    const post = script?.functions.find(({ name }) => name === 'post_install');
    const later = post === undefined ? '' : withoutComments(post.body);
    const paths = recipe.verifyPaths.filter((path) => {
      if (!later.includes(path)) return true;
      find('changed', 'verify_paths', 'what post_install makes is not there after the build: kept in meta.verifyLater');
      return false;
    });
    const made = recipe.verifyPaths.filter((path) => !paths.includes(path));
    const items = paths.map((path) => ({ text: writeString(path.replace(/^\/+/, '')) }));
    if (items.length > 0) field('verifyPaths', writeList(items, '  '));
    if (made.length > 0) verifyLater = made;
  }

  function writeMeta(): void {
    const meta: Record<string, unknown> = { ...recipe.meta };
    const artifacts = meta['buildArtifacts'] as readonly Readonly<Record<string, string>>[] | undefined;
    if (artifacts !== undefined) {
      meta['buildArtifacts'] = artifacts.map(({ name = '', ...rest }) => ({
        name: new Template(resolveText(name, recipe)),
        ...rest,
      }));
    }
    if (verifyLater.length > 0) meta['verifyLater'] = verifyLater.map((path) => path.replace(/^\/+/, ''));
    if (recipe.isDirectInstall) {
      meta['directInstall'] = true;
      find(
        'lost',
        'direct_install',
        'installs into / and records what is new there; here every package is installed into $DESTDIR',
      );
    }
    if (Object.keys(meta).length > 0) field('meta', writeData(meta, '  '));
  }
}

/** The name that a source has among the sources. */
function fileNameOf(source: RecipeSource, recipe: Recipe): string {
  const text = (source.filename ?? source.url.replace(/[?#].*$/, '').replace(/\/+$/, '')).replace(/^.*\//, '');
  return resolveText(text, recipe)
    .map((part) => (typeof part === 'string' ? part : part.code === 'name' ? recipe.name : recipe.version))
    .join('');
}

/** `pkg_run_tests …/package.yml make check` is `make check` where every failure counts. */
function withPlainTests(bodies: PhaseBodies): PhaseBodies {
  if (bodies.check === undefined) return bodies;
  const check = bodies.check.replace(
    /^pkg_run_tests "\$\(dirname "\$\(readlink -f "\$\{BASH_SOURCE\[0\]\}"\)"\)\/package\.yml"[ \t]*(?:\\\n[ \t]*)?/m,
    '',
  );
  return { ...bodies, check };
}

const isCalled = (name: string, script: ShellScript): boolean =>
  script.functions.some((each) => each.name !== name && new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(each.body)) ||
  script.statements.some((statement) => statement.includes(name));

/** What the files say about themselves, above the declaration. */
function headerOf(recipe: Recipe, script: ShellScript | undefined): string {
  const lines = [
    ...(script === undefined ? [] : [script.header, ...script.comments].filter((text) => text !== '').map(plainComment)),
    ...(recipe.comments.length === 0 ? [] : [recipe.comments.join('\n')]),
  ];
  return lines.length === 0 ? '' : `${lines.map((text) => writeComment(text, '')).join('\n')}\n`;
}

const plainComment = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^#+ ?/, ''))
    .join('\n');
