import { type Comment, parseSync } from 'oxc-parser';
import { complexities } from './complexity.ts';
import { COUNTER, instrument } from './instrument.ts';
import { lintProblems } from './lint.ts';
import type { CodeFacts, Found } from './survey.ts';
import { NOTHING, Places, lineFinder } from './text-places.ts';
import { type SyntaxNode, nameOf, nodeAt } from './tree.ts';
import { unusedNames } from './unused-names.ts';

/** What is known of a module, and the code that counts what of it was run. */
export interface ModuleFacts {
  readonly facts: CodeFacts;
  readonly runnable: string | null;
}

/**
 * Parses one module and looks at its syntax tree. `number` is that of the module for {@link instrument}; tests are not counted. A module that
 * the parser ends on ends the process: whoever runs this watches over it.
 */
export function codeFacts(
  text: string,
  { path, number, isTest }: { path: string; number: number; isTest: boolean },
): ModuleFacts {
  const lineOf = lineFinder(text);
  // Code that names the counter could say of itself that it was run.
  if (text.includes(COUNTER))
    return { facts: unparsed(lineOf(text.indexOf(COUNTER)), `the name ${COUNTER} is not allowed`), runnable: null };
  const { program, errors, comments, module } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) {
    const line = lineOf(error.labels[0]?.start ?? 0);
    return { facts: unparsed(line, error.message.split('\n')[0] ?? 'it cannot be parsed'), runnable: null };
  }
  const root = program as unknown as SyntaxNode;
  const functions = complexities(root).sort((a, b) => b.complexity - a.complexity || a.offset - b.offset);
  const unused = unusedNames(root);
  const counted = isTest ? { code: text, statements: 0 } : instrument(root, text, number);
  const lint = new Places();
  for (const { rule, offset, message } of lintProblems(root, text)) lint.add(lineOf(offset), `${rule}: ${message}`);
  const { undocumented, exports } = isTest
    ? { undocumented: NOTHING, exports: 0 }
    : undocumentedExports(root, { text, comments, lineOf });
  const unusedOf = (kind: 'function' | 'class' | 'import'): Found => {
    const places = new Places();
    for (const item of unused)
      if (item.kind === kind) places.add(lineOf(item.offset), `the ${kind} "${item.name}" is never used`);
    return places.found();
  };
  return {
    facts: {
      problem: null,
      functions: functions.length,
      complex: functions
        .slice(0, 20)
        .map(({ name, offset, complexity }) => ({ name: name.slice(0, 200), line: lineOf(offset), complexity })),
      lint: lint.found(),
      undocumented,
      exports,
      unusedFunctions: unusedOf('function'),
      unusedClasses: unusedOf('class'),
      unusedImports: unusedOf('import'),
      imports: importsOf(module),
      statements: counted.statements,
    },
    runnable: counted.code,
  };
}

/** The facts of a module that could not be parsed. */
export function unparsed(line: number, message: string): CodeFacts {
  return {
    problem: { line, message: message.slice(0, 300) },
    functions: 0,
    complex: [],
    lint: NOTHING,
    undocumented: NOTHING,
    exports: 0,
    unusedFunctions: NOTHING,
    unusedClasses: NOTHING,
    unusedImports: NOTHING,
    imports: [],
    statements: 0,
  };
}

function importsOf({ staticImports, staticExports }: ReturnType<typeof parseSync>['module']): string[] {
  const all = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
  ];
  return [...new Set(all)].slice(0, 2000).map((specifier) => specifier.slice(0, 1000));
}

/** What a module exports by a declaration, and which of that has no documentation comment right before it. */
function undocumentedExports(
  program: SyntaxNode,
  { text, comments, lineOf }: { text: string; comments: readonly Comment[]; lineOf: (offset: number) => number },
): { undocumented: Found; exports: number } {
  const documented = comments.filter(
    ({ type, value }) => type === 'Block' && value.startsWith('*') && /[\p{L}\p{N}]/u.test(value),
  );
  const isDocumented = (start: number): boolean =>
    documented.some(({ end }) => end <= start && text.slice(end, start).trim() === '' && start - end < 200);
  const places = new Places();
  let exports = 0;
  let previous: string | undefined;
  for (const node of [program['body']].flat() as SyntaxNode[]) {
    const declaration = /^Export(?:Named|Default)Declaration$/.test(node.type) ? nodeAt(node, 'declaration') : undefined;
    if (declaration === undefined || declaration.type === 'Identifier') continue;
    const name = nameOf(declaration) ?? nameOf(([declaration['declarations']].flat() as SyntaxNode[])[0]) ?? 'default';
    // The signatures of an overloaded function are documented once.
    if (name === previous) continue;
    previous = name;
    exports += 1;
    if (!isDocumented(node.start)) places.add(lineOf(node.start), `the export "${name}" has no documentation`);
  }
  return { undocumented: places.found(), exports };
}
