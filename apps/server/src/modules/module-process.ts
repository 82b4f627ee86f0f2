import { type ChildProcess, spawn } from 'node:child_process';
import {
  type ModuleInitLine,
  type ModuleMessage,
  MODULE_LINE_LIMIT_BYTES,
  type OrchestratorMessageLine,
  readModuleMessage,
} from '@loopwright/protocol';
import type { ModuleLogEntry, ModuleSpec } from './module-spec.ts';
import { onOutputLines } from './output-lines.ts';

/** What a run of a module tells its owner. */
export interface ModuleProcessEvents {
  readonly onMessage: (message: ModuleMessage) => void;
  /** Gets what claims to be a message of spans, its spans unread; `undefined` when it is none. */
  readonly onSpans: (message: unknown) => void;
  /** Called once, however the run ends. */
  readonly onExit: (exit: { code: number | null; signal: string | null; reason: string }) => void;
  readonly onLog: (entry: Omit<ModuleLogEntry, 'module'>) => void;
}

/** One run of a module: a child process that speaks the module protocol on its standard streams. */
export interface ModuleProcess {
  readonly pid: number | null;
  /** Sends a message; does nothing when the child is gone. */
  send(message: OrchestratorMessageLine): void;
  /** SIGKILL to the child and what it started. `reason` becomes the reason of its exit. */
  kill(reason: string): void;
}

/** Variables that a child needs to run at all. Everything else, keys of providers above all, stays here. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'SystemRoot',
  'NODE_EXTRA_CA_CERTS',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
];
const STDERR_LINE_LIMIT_BYTES = 16 * 1024;
/** Options of the test runner are about this process, not about what it starts. */
const NOT_INHERITED = /^--(?:test|watch|inspect|experimental-test)/;
/** Options whose next word is code. */
const CODE = /^(?:-e|-p|-pe|--eval|--print)$/;

/** Starts a module: Node with the options of this process, its own process group, the init object as first line. */
export function startModuleProcess(spec: ModuleSpec, init: ModuleInitLine, events: ModuleProcessEvents): ModuleProcess {
  const ownGroup = process.platform !== 'win32';
  const child = spawn(process.execPath, [...inheritedOptions(), spec.entry], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    detached: ownGroup,
    windowsHide: true,
  });
  let ended = false;
  let killReason: string | undefined;
  const end = (code: number | null, signal: string | null, reason: string): void => {
    if (ended) return;
    ended = true;
    if (ownGroup) killGroup(child);
    events.onExit({ code, signal, reason: killReason ?? reason });
  };
  child.on('error', (error) => end(null, null, `it cannot be started (${error.message})`));
  child.on('exit', (code, signal) =>
    end(code, signal, signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`),
  );
  child.stdin.on('error', () => undefined);
  onOutputLines(child.stdout, MODULE_LINE_LIMIT_BYTES, (line) => {
    const read = readModuleMessage(line);
    if (read.kind === 'message' && read.message.op === 'spans') events.onSpans(read.message);
    else if (read.kind === 'message') events.onMessage(read.message);
    // Counted where the others are.
    else if (read.kind === 'malformed' && read.op === 'spans') events.onSpans(undefined);
    else events.onLog({ source: 'stdout', level: 'warn', text: line.slice(0, STDERR_LINE_LIMIT_BYTES) });
  });
  onOutputLines(child.stderr, STDERR_LINE_LIMIT_BYTES, (text) => events.onLog({ source: 'stderr', level: 'info', text }));
  child.stdin.write(`${JSON.stringify(init)}\n`);
  return {
    pid: child.pid ?? null,
    send: (message) => {
      if (!ended && child.stdin.writable) child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    kill: (reason) => {
      if (ended) return;
      killReason ??= reason;
      if (ownGroup) killGroup(child);
      child.kill('SIGKILL');
    },
  };
}

function inheritedOptions(): string[] {
  return process.execArgv.filter(
    (option, index, all) => !NOT_INHERITED.test(option) && !CODE.test(option) && !CODE.test(all[index - 1] ?? ''),
  );
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone: nothing of it is left to kill.
  }
}
