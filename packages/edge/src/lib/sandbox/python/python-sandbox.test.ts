import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { type TestContext, after, before, describe, it } from 'node:test';
import { type Clock, type Json, PlatformError, messageOf, systemClock } from '@loopwright/protocol';
import { noJail } from '../jail/jail.ts';
import { openSandbox } from '../open-sandbox.ts';
import type { Sandbox, SandboxResult } from '../sandbox.ts';
import { type Python, openPython } from './open-python.ts';

const TIMEOUT_MS = 3000;
/** For programs that do not come back. */
const SHORT_MS = 250;
/** Long enough to load a program on a busy machine. */
const STEADY_MS = 1000;
const MEMORY_MB = 64;
let python: Python | string;
let sandbox: Sandbox | undefined;
/** Moved on by a test, so that quarantine comes to an end. */
let skippedMs = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + skippedMs };

/** Python of this machine; skips the test where there is none. */
function needSandbox(test: TestContext): Sandbox | undefined {
  if (sandbox === undefined) test.skip(typeof python === 'string' ? python : 'there is no Python');
  return sandbox;
}

function run(code: string, input: Json = null, timeoutMs = TIMEOUT_MS): Promise<SandboxResult> {
  return (sandbox as Sandbox).run({ key: code, code, language: 'python', timeoutMs }, JSON.stringify(input));
}

/** The output of a program that must succeed. */
async function outputOf(code: string, input: Json = null, timeoutMs?: number): Promise<unknown> {
  const result = await run(code, input, timeoutMs);
  assert.equal(result.status, 'success', JSON.stringify(result));
  return result.status === 'success' ? JSON.parse(result.outputJson) : undefined;
}

/** The message of a program that must fail. */
async function failureOf(code: string, input: Json = null): Promise<string> {
  const result = await run(code, input);
  return result.status === 'success' ? assert.fail(`it gave ${result.outputJson.slice(0, 200)}`) : result.message;
}

describe('programs of Python', () => {
  before(async () => {
    python = await openPython({ clock: systemClock, memoryLimitMb: MEMORY_MB }).catch(messageOf);
    if (typeof python === 'string') return;
    const found = python;
    sandbox = await openSandbox({
      clock,
      jail: noJail,
      workers: 1,
      timeoutMs: TIMEOUT_MS,
      memoryLimitMb: MEMORY_MB,
      openPython: () => Promise.resolve(found),
    });
    await sandbox.prepare('python');
  });
  after(() => sandbox?.close());

  it('take JSON and give JSON, whatever the text', async (test) => {
    if (needSandbox(test) === undefined) return;
    const same = 'def run(value):\n    return value';
    const value = { text: 'ä\u{1f40d}\ud800"\\\n', list: [1, -0.5, 1e300, true, null, [], {}], nested: { 'a b': '' } };
    assert.deepEqual(await outputOf(same, value), value);
    assert.deepEqual(await outputOf('import math\ndef run(n): return (math.isqrt(n), {1: None})', 9), [3, { 1: null }]);
    assert.deepEqual(
      sandbox?.health().python?.walls.every(({ stands }) => stands),
      true,
    );
    assert.match(sandbox?.health().python?.engine ?? '', /^cpython 3\.\d+$/u);
  });

  it('fail with a message for what is no JSON and for what they raise', async (test) => {
    if (needSandbox(test) === undefined) return;
    assert.match(await failureOf('def run(x): return {1, 2}'), /not JSON: set/u);
    assert.match(await failureOf('def run(x): return float("nan")'), /ValueError: Out of range float/u);
    assert.match(await failureOf('def run(x): return 2 ** 53'), /integer that a number of JSON cannot hold/u);
    assert.deepEqual(await outputOf('def run(x): return ["9" * 20, 2 ** 53 - 1]'), ['9'.repeat(20), 2 ** 53 - 1]);
    assert.match(await failureOf('async def run(x): return 1'), /not JSON: coroutine/u);
    assert.match(await failureOf('def run(x): return x["no"]', {}), /KeyError: 'no'/u);
    assert.match(await failureOf('def run(x):\n  a = []\n  a.append(a)\n  return a'), /Circular/u);
    assert.match(await failureOf('def run(x): return run(x)'), /RecursionError/u);
    assert.match(
      await failureOf('class Bad(Exception):\n  def __str__(self): raise ValueError\ndef run(x): raise Bad'),
      /cannot be shown/u,
    );
    assert.match(await failureOf('def run(x): raise Exception("\u{1f40d}" * 10000)'), /^Exception: \u{1f40d}{500}/u);
    assert.match(await failureOf('x = 1'), /no function "run"/u);
    assert.match(await failureOf('def run(x): return "x" * (5 * 2 ** 20)'), /more than 4194304 characters/u);
    assert.match(await failureOf('import sys\ndef run(x): sys.exit(0)'), /SystemExit/u);
  });

  it('see nothing of the machine and reach nothing', async (test) => {
    if (needSandbox(test) === undefined) return;
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-python-'));
    const file = join(dir, 'secret');
    writeFileSync(file, 'secret', { mode: 0o644 });
    const server = createServer((socket) => socket.destroy());
    test.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { tried, done } = (await outputOf(HOSTILE, { file, port, pid: process.pid })) as { tried: number; done: string[] };
    rmSync(dir, { recursive: true });
    assert.deepEqual(done, []);
    assert.ok(tried >= 25);
  });

  it('write nothing into the pipe of their worker by printing', async (test) => {
    if (needSandbox(test) === undefined) return;
    const loud =
      'import os, sys\nprint("\\x00" * 100)\ndef run(x):\n  print("x" * 10 ** 6)\n  sys.__stdout__.write("x")\n' +
      '  os.write(1, b"\\x00" * 64)\n  os.write(0, b"y")\n  return [x, os.read(0, 1) == b"", sys.stdin is None]';
    assert.deepEqual(await outputOf(loud, 7), [7, true, true]);
  });

  it('find nothing of the calls before, where their state is fresh', async (test) => {
    const open = needSandbox(test);
    if (open === undefined) return;
    const code = `import json, os, random, sys, types
seen = []
def run(seed):
    seen.append(1)
    left = [hasattr(json, 'left'), hasattr(random, 'left'), 'left' in sys.modules, json.dumps is None,
        'left' in sys.path, hasattr(json.JSONEncoder, 'left'), json.JSONDecoder.decode is None, hasattr(json.loads, 'left'), 'LEFT' in os.environ, len(seen)]
    sys.path.append('left')
    json.JSONEncoder.left = 1
    json.JSONDecoder.decode = None
    json.loads.left = 1
    os.environ['LEFT'] = '1'
    json.left = random.left = 1
    sys.modules['left'] = types.ModuleType('left')
    json.dumps = None
    random.seed(1)
    return left + [random.random()]`;
    for (const state of ['kept', 'fresh'] as const) {
      const program = { key: `state ${state}`, code, language: 'python' as const, state };
      const outputs: unknown[] = [];
      for (let step = 0; step < 3; step += 1) {
        const result = await open.run(program, '1');
        outputs.push(result.status === 'success' ? JSON.parse(result.outputJson) : result.message);
      }
      const first = [...Array<boolean>(9).fill(false), 1, 0.13436424411240122];
      const later = state === 'fresh' ? first : Array<boolean>(9).fill(true);
      assert.deepEqual(outputs[0], first);
      assert.deepEqual((outputs[2] as unknown[]).slice(0, later.length), later, state);
    }
  });

  it('change JSON for nobody: not for their own answers, not for another program of the tenant', async (test) => {
    if (needSandbox(test) === undefined) return;
    const patch =
      'import json, json.encoder, json.decoder, builtins\nfor m in (json, json.encoder, json.decoder):\n' +
      '  for n in list(vars(m)):\n    if not n.startswith("__"): setattr(m, n, None)\n' +
      'builtins.len = lambda x: 0\ndef run(x): return {"n": x["n"] + 1}';
    assert.deepEqual(await outputOf(patch, { n: 1 }), { n: 2 });
    assert.deepEqual(await outputOf(patch, { n: 2 }), { n: 3 });
    const other = 'import json\ndef run(x): return [len(x), json.dumps(x)]';
    assert.deepEqual(await outputOf(other, [1]), [1, '[1]']);
  });

  it('are stopped inside after their time, and begin anew', async (test) => {
    if (needSandbox(test) === undefined) return;
    const counting = 'calls = []\ndef run(x):\n  calls.append(x)\n  while x == "loop": pass\n  return len(calls)';
    const restarts = sandbox?.health().restarts;
    const pythonRestarts = sandbox?.health().python?.restarts;
    assert.deepEqual([await outputOf(counting, null, STEADY_MS), await outputOf(counting, null, STEADY_MS)], [1, 2]);
    const result = await run(counting, 'loop', STEADY_MS);
    assert.deepEqual(
      [result.status, 'message' in result && result.message],
      ['timeout', `The program ran longer than ${STEADY_MS} ms`],
    );
    assert.equal(await outputOf(counting, null, STEADY_MS), 1);
    assert.deepEqual([sandbox?.health().restarts, sandbox?.health().python?.restarts], [restarts, pythonRestarts]);
  });

  it('have longer when they had little of a processor, but not for ever', async (test) => {
    if (needSandbox(test) === undefined) return;
    const restarts = sandbox?.health().python?.restarts;
    const idle = 'import time\ndef run(seconds):\n  time.sleep(seconds)\n  return seconds';
    assert.equal(await outputOf(idle, 0.7, SHORT_MS), 0.7);
    assert.equal((await run(idle, 60, SHORT_MS)).status, 'timeout');
    assert.equal(sandbox?.health().python?.restarts, restarts);
  });

  it('get a MemoryError for more than their memory', async (test) => {
    if (needSandbox(test) === undefined) return;
    assert.match(await failureOf('def run(x): return len(bytearray(2 ** 30))'), /more than 64 MB of memory/u);
    assert.match(await failureOf('def run(x):\n  a = []\n  while True: a.append(bytes(2 ** 20))'), /more than 64 MB of memory/u);
    assert.equal(await outputOf('def run(x): return len(bytearray(40 * 2 ** 20))'), 40 * 2 ** 20);
    assert.equal(await outputOf('def run(x):\n  try: bytearray(2 ** 30)\n  except MemoryError: return "small"'), 'small');
  });

  it('are killed from outside when they do not stop, and refused for a while after three times', async (test) => {
    if (needSandbox(test) === undefined) return;
    // A loop in C looks at no signal: the limit inside never meets it.
    const stubborn =
      'from collections import deque\nfrom itertools import repeat\ndef run(x):\n  if x == "loop": deque(repeat(x), maxlen=0)\n  return x';
    const result = await run(stubborn, 'loop', SHORT_MS);
    assert.deepEqual([result.status, 'message' in result && /and was killed/u.test(result.message)], ['timeout', true]);
    assert.equal(await outputOf(stubborn, 'well'), 'well');
    const forged =
      'import os\ndef run(x):\n  for fd in range(2, 20):\n    try: os.write(fd, b"\\xff" * 16)\n    except OSError: pass';
    for (let kills = 0; kills < 3; kills += 1) assert.match(await failureOf(forged), /ended its worker process/u);
    assert.match(await failureOf(forged), /in quarantine/u);
    assert.match(await failureOf('import os\ndef run(x): os._exit(0)'), /ended its worker process/u);
    assert.equal(sandbox?.health().quarantined, 1);
    skippedMs += 61_000;
    assert.equal(sandbox?.health().quarantined, 0);
  });

  it('are refused where there is no Python or no jail, and why is said', async () => {
    const missing = await openPython({ clock: systemClock, memoryLimitMb: 64, path: '' }).catch((error: unknown) => error);
    assert.ok(missing instanceof PlatformError);
    assert.equal(missing.code, 'LANGUAGE_UNAVAILABLE');
    await using without = await openSandbox({ clock, jail: noJail, workers: 1, openPython: () => Promise.reject(missing) });
    await assert.rejects(without.prepare('python'), { code: 'LANGUAGE_UNAVAILABLE' });
    await assert.rejects(without.run({ key: 'a', code: 'def run(x): return x', language: 'python' }, '1'), missing);
    assert.equal((await without.run({ key: 'b', code: 'return (x) => x;' }, '1')).status, 'success');
    assert.equal(without.health().python, undefined);
  });
});

/** Gives the names of what went well. It forks once, at the most. */
const HOSTILE = `
import ctypes, glob, importlib, mmap, os, resource, shutil, signal, socket, subprocess, sys, threading, urllib.request

def attempts(given):
    file, port, pid = given['file'], given['port'], given['pid']
    def fork():
        if os.fork() == 0:
            os._exit(0)
    libc = ctypes.CDLL(None, use_errno=True)
    def call(number, *args):
        if libc.syscall(number, *args) < 0:
            raise OSError(ctypes.get_errno())
    return {
        'read a file of the edge': lambda: open(file).read(),
        'read /etc/passwd': lambda: open('/etc/passwd').read(),
        'read by a path with dots': lambda: open(os.path.dirname(os.__file__) + '/../../../etc/shadow').read(),
        'list /proc': lambda: os.listdir('/proc'),
        'read its own memory': lambda: open('/proc/self/mem', 'rb'),
        'list homes': lambda: os.listdir('/root') + os.listdir('/home'),
        'find a program': lambda: os.stat('/bin/sh'),
        'write to the root': lambda: open('/x', 'w'),
        'write beside the library': lambda: open(os.path.dirname(os.__file__) + '/x.py', 'w'),
        'overwrite Python': lambda: open(sys.executable, 'r+b'),
        'make a folder': lambda: os.mkdir('/tmp'),
        'make a link': lambda: os.symlink('/etc', '/y'),
        'change a mode': lambda: os.chmod(sys.executable, 0o777),
        'make a socket': lambda: socket.socket(),
        'make a pair of sockets': lambda: socket.socketpair(),
        'connect': lambda: socket.create_connection(('127.0.0.1', port), 1),
        'fetch': lambda: urllib.request.urlopen('http://169.254.169.254/', timeout=1),
        'look up a name': lambda: socket.gethostbyname('example.com'),
        'fork': fork,
        'start a thread': lambda: threading.Thread(target=lambda: None).start(),
        'start a process': lambda: subprocess.run([sys.executable, '-V'], check=True),
        'run a shell': lambda: 1 / (os.system('true') == 0),
        'signal the edge': lambda: os.kill(pid, 0),
        'signal all': lambda: os.kill(-1, 0),
        'raise its limits': lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
        'lower its limits': lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)),
        'become root': lambda: os.setuid(0),
        'make a name space (unshare)': lambda: libc.unshare(0x10000000) == 0 or 1 / 0,
        'make a file without a name': lambda: os.memfd_create('x'),
        'see the environment': lambda: 1 / len([name for name in os.environ if name not in ('TZ', 'PWD', 'LC_CTYPE')]),
        'import what is installed': lambda: importlib.import_module('pip'),
        'trace': lambda: libc.ptrace(0, 0, 0, 0) == 0 or 1 / 0,
    }

def run(given):
    todo, done = attempts(given), []
    for name, attempt in todo.items():
        try:
            attempt()
            done.append(name)
        except Exception:
            pass
    return {'tried': len(todo), 'done': done}
`;
