// The process that parses and type-checks what a model wrote. The parser and the compiler are native code and may meet anything, so they
// stand in a process with limits of time and memory; nothing is run, and no file but the libraries of TypeScript is read.
import { text } from 'node:stream/consumers';
import { type EcmaScriptModule, parseSync } from 'oxc-parser';
import { API, type Diagnostic } from 'typescript/unstable/async';
import { AMBIENT_TYPES } from './ambient-types.ts';
import { NO_COMPILER, type StaticCheckTask, type StaticFinding, isCode } from './static-check-task.ts';

const ROOT = '/program';
const AMBIENT = `${ROOT}/ambient-of-the-sandbox.d.ts`;
const CONFIG = `${ROOT}/tsconfig.json`;
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

const task = JSON.parse(await text(process.stdin)) as StaticCheckTask;
const findings: StaticFinding[] = [];
for (const [path, content] of Object.entries(task.files)) if (isCode(path)) parse(path, content);
if (findings.length === 0) await checkTypes().catch(noteFailure);
process.stdout.write(JSON.stringify(findings.slice(0, FINDINGS_LIMIT)), () => process.exit(0));

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

async function checkTypes(): Promise<void> {
  const files = new Map(Object.entries(task.files).map(([path, content]) => [`${ROOT}/${path}`, content]));
  const folders = new Set(['/', ROOT]);
  for (const path of files.keys())
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
  const roots = [...files.keys()].filter(isCode);
  files.set(
    AMBIENT,
    AMBIENT_TYPES +
      task.allowed
        .map((name) => `declare module ${JSON.stringify(name)}; declare module ${JSON.stringify(`${name}/*`)};\n`)
        .join(''),
  );
  files.set(CONFIG, JSON.stringify({ compilerOptions: OPTIONS, files: [AMBIENT, ...roots] }));
  const api = new API({
    cwd: ROOT,
    fs: {
      readFile: (path) => files.get(path) ?? (LIBRARY.test(path) ? undefined : null),
      fileExists: (path) => files.has(path) || (LIBRARY.test(path) ? undefined : false),
      directoryExists: (path) => folders.has(path),
      getAccessibleEntries: () => ({ files: [], directories: [] }),
      realpath: (path) => path,
    },
  });
  const snapshot = await api.updateSnapshot({ openProjects: [CONFIG] });
  for (const { program } of snapshot.getProjects()) {
    const found = [...(await program.getSyntacticDiagnostics()), ...(await program.getSemanticDiagnostics())];
    for (const diagnostic of found) findings.push(findingOf(diagnostic, files));
  }
}

function findingOf({ fileName, pos, text: message }: Diagnostic, files: ReadonlyMap<string, string>): StaticFinding {
  if (fileName === undefined || !fileName.startsWith(`${ROOT}/`)) return { stage: 'types', file: null, line: null, message };
  return { stage: 'types', file: fileName.slice(ROOT.length + 1), line: lineAt(files.get(fileName) ?? '', pos), message };
}

function lineAt(content: string, position: number): number {
  let line = 1;
  for (let at = content.indexOf('\n'); at !== -1 && at < position; at = content.indexOf('\n', at + 1)) line += 1;
  return line;
}
