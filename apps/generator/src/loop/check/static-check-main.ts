// The process that parses and type-checks what a model wrote. The parser and the compiler are native code and may meet anything, so they
// stand in a process with limits of time and memory; nothing is run, and no file but the libraries of TypeScript is read.
import { createInterface } from 'node:readline';
import { type EcmaScriptModule, parseSync } from 'oxc-parser';
import { API, type Diagnostic } from 'typescript/unstable/async';
import { AMBIENT_TYPES } from './ambient-types.ts';
import { NO_COMPILER, type StaticCheckTask, type StaticFinding, isCode } from './static-check-task.ts';

const FINDINGS_LIMIT = 100;
/** The libraries that come with the compiler. */
const LIBRARY = /[\\/]@typescript[\\/]typescript-[\w-]+[\\/]lib[\\/]lib(?:\.\w+)*\.d\.ts$/;
const OPTIONS = {
  strict: true,
  noEmit: true,
  target: 'es2024',
  lib: ['es2024'],
  module: 'esnext',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  isolatedModules: true,
  types: [],
  skipLibCheck: true,
};

/** One check at a time: what is asked for, and the files that the compiler may read. */
let task: StaticCheckTask = { files: {}, provided: [], allowed: [] };
let findings: StaticFinding[] = [];
let files = new Map<string, string>();
let folders = new Set<string>();
let root = '';
let number = 0;
const api = new API({
  cwd: '/',
  fs: {
    readFile: (path) => files.get(path) ?? (LIBRARY.test(path) ? undefined : null),
    fileExists: (path) => files.has(path) || (LIBRARY.test(path) ? undefined : false),
    directoryExists: (path) => folders.has(path),
    getAccessibleEntries: () => ({ files: [], directories: [] }),
    realpath: (path) => path,
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  task = JSON.parse(line) as StaticCheckTask;
  findings = [];
  for (const [path, content] of Object.entries(task.files)) if (isCode(path)) parse(path, content);
  if (findings.length === 0) await checkTypes().catch(noteFailure);
  process.stdout.write(`${JSON.stringify(findings.slice(0, FINDINGS_LIMIT))}\n`);
}
process.exit(0);

/** A compiler that is not there is no fault of the files; one that stops on them is. */
function noteFailure(error: unknown): void {
  if (error instanceof Error && /Failed to start|resolve/.test(error.message)) process.exit(NO_COMPILER);
  findings.push({ stage: 'types', file: null, line: null, message: 'the files cannot be checked: the compiler stopped on them' });
}

function parse(path: string, content: string): void {
  const { errors, module } = parseSync(path, content, { sourceType: 'module' });
  for (const { message, labels } of errors)
    findings.push({ stage: 'syntax', file: path, line: lineAt(content, labels[0]?.start ?? 0), message });
  if (errors.length === 0) checkImports(path, content, module);
}

/** A program is self-contained: it imports its own files, what tests need, and what the operator allows. */
function checkImports(path: string, content: string, module: EcmaScriptModule): void {
  const named = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest ?? [])),
  ];
  for (const { value, start } of named) {
    if (
      value.startsWith('.') ||
      task.provided.includes(value) ||
      task.allowed.some((name) => value === name || value.startsWith(`${name}/`))
    )
      continue;
    const message = `the import of ${JSON.stringify(value)} is refused: generated programs have no dependencies and no access to files, network or process`;
    findings.push({ stage: 'syntax', file: path, line: lineAt(content, start), message });
  }
  for (const { start } of module.dynamicImports)
    findings.push({
      stage: 'syntax',
      file: path,
      line: lineAt(content, start),
      message: 'a dynamic import is refused: import at the top of the file',
    });
}

/** Each check is a project of its own in one session of the compiler, which knows the libraries by then. */
async function checkTypes(): Promise<void> {
  const before = root;
  number += 1;
  root = `/program-${number}`;
  const ambient = `${root}/ambient-of-the-sandbox.d.ts`;
  files = new Map(Object.entries(task.files).map(([path, content]) => [`${root}/${path}`, content]));
  const roots = [...files.keys()].filter(isCode);
  folders = new Set(['/', root]);
  for (const path of roots)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
  const allowed = task.allowed.flatMap((name) => [name, `${name}/*`]).map((name) => `declare module ${JSON.stringify(name)};\n`);
  files.set(ambient, AMBIENT_TYPES + allowed.join(''));
  files.set(`${root}/tsconfig.json`, JSON.stringify({ compilerOptions: OPTIONS, files: [ambient, ...roots] }));
  const closeProjects = before === '' ? [] : [`${before}/tsconfig.json`];
  const snapshot = await api.updateSnapshot({ openProjects: [`${root}/tsconfig.json`], closeProjects });
  try {
    for (const { program } of snapshot.getProjects()) {
      const found = [...(await program.getSyntacticDiagnostics()), ...(await program.getSemanticDiagnostics())];
      for (const diagnostic of found) findings.push(findingOf(diagnostic));
    }
  } finally {
    await snapshot.dispose();
  }
}

function findingOf({ fileName, pos, text: message }: Diagnostic): StaticFinding {
  if (fileName === undefined || !fileName.startsWith(`${root}/`)) return { stage: 'types', file: null, line: null, message };
  return { stage: 'types', file: fileName.slice(root.length + 1), line: lineAt(files.get(fileName) ?? '', pos), message };
}

function lineAt(content: string, position: number): number {
  let line = 1;
  for (let at = content.indexOf('\n'); at !== -1 && at < position; at = content.indexOf('\n', at + 1)) line += 1;
  return line;
}
