/**
 * What a CMakeLists.txt asks for.
 *
 * @source CMake's manual: find_package(), FindPkgConfig's pkg_check_modules() and pkg_search_module()
 */
import { modulesOf } from './autoconf.ts';
import { type CallSyntax, callsIn } from './calls.ts';
import { endOfLine, endOfString, withoutQuoted } from './quoted.ts';
import { isPlainName, type Requirement } from './requirement.ts';

const SYNTAX: CallSyntax = { strings: ['"'], brackets: false, separator: ' ' };

/** Modules of CMake itself that look for no package. */
const BUILT_IN = new Set(
  'Threads OpenMP PkgConfig CMakePackageConfigHelpers GNUInstallDirs Python3 Python PythonInterp PythonLibs Perl Git Intl Iconv'.split(
    ' ',
  ),
);

/** @param file  as it is shown */
export function readCmake(text: string, file: string): Requirement[] {
  const clean = withoutQuoted(text, '"', endOfQuoted(text));
  const conditions = conditionLines(clean);
  const found: Requirement[] = [];
  for (const { name, line, args } of callsIn(clean, /find_package|pkg_check_modules|pkg_search_module/i, SYNTAX)) {
    const isRequired = args.includes('REQUIRED') && !conditions.has(line);
    const where = `${file}:${line}`;
    if (/^find_package$/i.test(name)) {
      const [package_] = args;
      if (package_ === undefined || !isPlainName(package_) || BUILT_IN.has(package_)) continue;
      found.push({ kind: 'cmake', name: package_, others: [], isRequired, by: 'cmake', where });
      continue;
    }
    const modules = modulesOf(
      args
        .slice(1)
        .filter((arg) => !/^[A-Z_]+$/.test(arg))
        .join(' '),
    );
    if (/^pkg_search_module$/i.test(name)) {
      const [first, ...others] = modules;
      if (first !== undefined) found.push({ kind: 'pkgconfig', name: first, others, isRequired, by: 'cmake', where });
    } else
      for (const module of modules) found.push({ kind: 'pkgconfig', name: module, others: [], isRequired, by: 'cmake', where });
  }
  return found;
}

/** Strings, comments, and comments in brackets of any length. */
function endOfQuoted(text: string): (at: number) => number {
  const unclosed = new Set<string>();
  return (at) => {
    if (text[at] === '"') return endOfString(text, at, text.length);
    BRACKET.lastIndex = at;
    const equals = BRACKET.exec(text)?.[1];
    if (equals !== undefined && !unclosed.has(equals)) {
      const end = text.indexOf(`]${equals}]`, BRACKET.lastIndex);
      if (end !== -1) return end + equals.length + 2;
      unclosed.add(equals);
    }
    return endOfLine(text, at);
  };
}

const BRACKET = /#\[(=*)\[/y;

/** The lines inside `if`, loops, functions and macros. */
function conditionLines(text: string): Set<number> {
  const inside = new Set<number>();
  let depth = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const word = /^\s*(if|endif|foreach|endforeach|while|endwhile|function|endfunction|macro|endmacro)\s*\(/i
      .exec(line)?.[1]
      ?.toLowerCase();
    if (word?.startsWith('end') === true) depth = Math.max(0, depth - 1);
    if (depth > 0) inside.add(index + 1);
    if (word !== undefined && !word.startsWith('end')) depth++;
  }
  return inside;
}
