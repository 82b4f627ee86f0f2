// Runs a TypeScript file of this repository on Node 24, installing what is missing first.
// Plain JavaScript, and only what Node 18 knows: on a fresh clone it is the first thing that any `npm run` starts.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.loopwright-lock');
const nodePackages = [
  `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  `node-bin-${process.platform}-${process.arch}`,
];

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

// `npm install --no-save` and not `npm ci`: a registry mirror may lack the binaries of other platforms, the lock file then has no
// entry for them, and `npm ci` refuses it. The versions are the locked ones all the same (decisions/003).
function installIfStale() {
  const digest = lockDigest();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return;
  process.stderr.write('Installing dependencies (npm install) …\n');
  const npm = process.env.npm_execpath;
  const command = npm ? [process.execPath, [npm, 'install']] : ['npm', ['install']];
  const result = spawnSync(command[0], [...command[1], '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write(
      'Cannot install dependencies: npm install failed. The npm registry must be reachable for the first start.\n',
    );
    process.exit(result.status ?? 1);
  }
  writeFileSync(stampFile, digest);
}

/** The Node that runs the project: this one when it is new enough, else the one that npm installed. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  for (const name of nodePackages) {
    const binary = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(binary)) return binary;
  }
  throw new Error(
    `Cannot find Node 24: this is ${process.version}, and npm has no Node 24 for ${process.platform}-${process.arch}. Install Node 24 or newer`,
  );
}

installIfStale();
const node = findNode();
let args = process.argv.slice(2);
// Whoever starts a server wants its pages: they are built from the sources that are here, when they were not yet.
if (args[0] === '--dashboard') {
  args = args.slice(1);
  const built = spawnSync(node, [join(root, 'scripts/build-dashboard.ts')], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
if (args[0] === '--bin') {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', args[1], 'package.json'), 'utf8'));
  const bin = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[args[1]];
  args = [join(root, 'node_modules', args[1], bin), ...args.slice(2)];
}
// Stripping types and compiling is done once for each version of a file, not at each start (a third of a start of the server).
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'node-compile');
const child = spawn(node, ['--conditions=loopwright-source', ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_COMPILE_CACHE: compileCache,
    PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
