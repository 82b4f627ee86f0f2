import { join, dirname } from 'node:path/posix';
import type { GivenFile, GradeMetadata } from '@loopwright/protocol';

/** A file of tests with what it needs, ready for `runTestFiles`. */
export interface PreparedTest {
  readonly modules: ReadonlyMap<string, string>;
  readonly test: string;
  readonly isStrict: boolean;
  /** Whether the text of the test speaks of assertions or tests: then one of them must have run. */
  readonly mustAssert: boolean;
  /** Whether something at the top of the test runs at all. */
  readonly callsSomething: boolean;
}

const RELATIVE = /(?:\bfrom|\bimport|\brequire)\s{0,20}\(?\s{0,20}["'](\.{1,2}\/[^"'\n]{1,300})["']/gu;
const ASSERTS = /\bassert\b|\bnode:test\b|\bexpect\s*\(/u;
const IS_MODULE = /^[ \t]{0,100}(?:import\b(?!\s{0,20}\()|export\b)/mu;
const ENDINGS = ['', '.ts', '.js', '.mjs', '.mts', '.cjs', '.cts', '.tsx', '.jsx', '/index.ts', '/index.js'];

/**
 * Decides how a file of tests reaches the program: it imports a file of it, or it is put behind the first one. The text is only looked at with patterns
 * that take linear time: a parser in this process would be a way for a program to end it.
 */
export function prepareTest(test: GivenFile, { files, tests, entry_point, language }: GradeMetadata): PreparedTest {
  const modules = new Map([...files, ...tests].map(({ file_path, content }) => [file_path, content]));
  const text = { mustAssert: ASSERTS.test(test.content), callsSomething: entry_point !== null || callsSomething(test.content) };
  if (importsOneOf(test, modules)) return { modules, test: test.file_path, isStrict: true, ...text };
  const [program] = files;
  const isTyped =
    language === 'typescript' || [program, test].some((file) => file !== undefined && /\.[cm]?ts$/u.test(file.file_path));
  const path = `${program?.file_path.replace(/\.[^./]*$/u, '') ?? 'program'}.graded.${isTyped ? 'ts' : 'js'}`;
  const joined = [program?.content ?? '', awaited(test.content), callOf(test.content, entry_point)].join('\n;\n');
  modules.set(path, joined);
  return { modules, test: path, isStrict: IS_MODULE.test(joined), ...text };
}

function importsOneOf({ file_path, content }: GivenFile, modules: ReadonlyMap<string, string>): boolean {
  for (const [, specifier = ''] of content.matchAll(RELATIVE)) {
    const target = join(dirname(file_path), specifier);
    const plain = target.replace(/\.([cm]?)js$/u, '.$1ts');
    if (ENDINGS.some((ending) => modules.has(target + ending)) || modules.has(plain)) return true;
  }
  return false;
}

/** The call of `check` that some suites leave to whoever grades. */
function callOf(text: string, entryPoint: string | null): string {
  if (entryPoint === null || !/\b(?:function\s+check|(?:const|let|var)\s+check)\b/u.test(text)) return '';
  if (/^check\s*\(/mu.test(text)) return '';
  return /\basync function check\b|\bcheck = async\b/u.test(text) ? `await check(${entryPoint});` : `check(${entryPoint});`;
}

/** Waits for calls at the top of functions that are declared as asynchronous: nobody else would hear that they fail. */
function awaited(text: string): string {
  const names = [...text.matchAll(/^(?:async\s+function\s+|(?:const|let|var)\s+)([A-Za-z_$][\w$]*)(?:\s*=\s*async\b)?/gmu)]
    .filter(([match]) => match.includes('async'))
    .map(([, name = '']) => name);
  const known = new Set(names);
  return text
    .replaceAll(/^([A-Za-z_$][\w$]*)(?=\()/gmu, (name) => (known.has(name) ? `await ${name}` : name))
    .replaceAll(/^(?=\(async\b)/gmu, ';await ');
}

const DECLARES =
  /^(?:import|export|function|async\s+function|class|interface|type|declare|const|let|var|\/\/|\/\*|\*|["'`}\])]|\s|$)/u;

/** Whether a line at the left edge is more than a declaration; a constant that is made by a call runs something too. */
function callsSomething(text: string): boolean {
  return text
    .split('\n')
    .some(
      (line) =>
        !DECLARES.test(line) ||
        (/^(?:const|let|var)\b[^=]*=\s*(?:await\s+)?[\w$.]+\(/u.test(line) && !/=\s*require\(/u.test(line)),
    );
}
