import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, type Stage, chainOf, listOf } from './read-dockerfile.ts';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** What an image would run, and how: the arguments of `bwrap`. */
export interface BareRoot {
  readonly bubblewrap: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

/**
 * The root file system of an image as its Dockerfile says: what its stages copy, the packages of the workspaces among it, Node and the libraries that
 * Node and prebuilt modules load, and nothing else of this machine. Processes have another user and no rights; all but /data and /tmp is read-only.
 */
export function bareRoot(stages: readonly Stage[], target: string, dataDir: string): BareRoot {
  const chain = chainOf(stages, target);
  const copies = chain.flatMap(({ instructions }) => instructions.filter(({ keyword }) => keyword === 'COPY'));
  const binds: string[] = [];
  const workspaces: string[] = [];
  for (const { words, flags } of copies) {
    const [source = '', place = ''] = words;
    if (flags.has('from')) continue;
    const path = place.startsWith('/') ? place : join('/app', place);
    binds.push('--ro-bind', join(ROOT, source), place.endsWith('/') ? join(path, source.split('/').at(-1) ?? '') : path);
    if (existsSync(join(ROOT, source, 'package.json'))) workspaces.push(source);
  }
  const takesOptional = target !== 'edge';
  for (const path of packagesOf(workspaces, takesOptional)) binds.push('--ro-bind', join(ROOT, path), join('/app', path));
  for (const workspace of workspaces) {
    const { name } = JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as { name: string };
    binds.push('--symlink', join('../..', workspace), join('/app/node_modules', name));
  }
  const of = (keyword: string): string[] => {
    const found = chain.flatMap(({ instructions }) => instructions.filter((one) => one.keyword === keyword)).at(-1);
    return listOf(found?.text ?? '') ?? [];
  };
  const environment = chain
    .flatMap(({ instructions }) => instructions.filter(({ keyword }) => keyword === 'ENV'))
    .flatMap(({ words }) => words.map((word) => word.split('=') as [string, string]));
  const isolation = words(
    '--unshare-user --unshare-pid --unshare-ipc --unshare-uts --uid 10001 --gid 10001 --cap-drop ALL --clearenv',
  );
  // The bubblewrap of the image, which Debian installs, is not in this root: the wall of the operating system has tests of its own.
  const noJail = ['LOOPWRIGHT_SANDBOX_JAIL', 'off'];
  const variables = [['PATH', '/usr/local/bin'], ['HOME', '/'], noJail, ...environment].flatMap(([name = '', value = '']) => [
    '--setenv',
    name,
    value,
  ]);
  const own = ['--bind', dataDir, '/data', ...words('--proc /proc --dev /dev --tmpfs /tmp')];
  const last = words('--remount-ro / --chdir /app --die-with-parent --new-session');
  const bubblewrap = [...isolation, ...variables, '--tmpfs', '/', ...libraries(), ...binds, ...own, ...last];
  return { bubblewrap, entrypoint: of('ENTRYPOINT'), command: of('CMD'), healthCheck: of('HEALTHCHECK') };
}

const words = (text: string): string[] => text.split(' ');

/** Node, and what the loader needs for it: what the base image has. */
function libraries(): string[] {
  const node = realpathSync(process.execPath);
  const { stdout } = spawnSync('ldd', [node], { encoding: 'utf8' });
  const paths = [...stdout.matchAll(/(\/\S+\.so\S*)/gu)].map(([, path]) => path ?? '');
  return [
    '--ro-bind',
    node,
    '/usr/local/bin/node',
    ...[...new Set(paths)].flatMap((path) => ['--ro-bind', realpathSync(path), path]),
  ];
}

/** Paths of the packages that npm installs for workspaces, without what is for development, each with all that it needs. */
function packagesOf(workspaces: readonly string[], takesOptional: boolean): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
    const isOurs = workspaces.includes(folder);
    // Of ours the image leaves optional ones out, save the one binary of esbuild that the Dockerfile adds.
    const optional = takesOptional || !isOurs ? manifest.optionalDependencies : {};
    for (const name of Object.keys({ ...manifest.dependencies, ...optional })) {
      const path = placeOf(folder, name);
      if (path === undefined || found.has(path) || name.startsWith('@loopwright/')) continue;
      found.add(path);
      visit(path);
    }
  };
  for (const workspace of workspaces) visit(workspace);
  return [...found].filter((path) => ![...found].some((other) => path.startsWith(`${other}/`)));
}

/** Where Node finds a package from a folder; `undefined` for an optional one that is not for this machine. */
function placeOf(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at === '.' ? '' : at, 'node_modules', name);
    if (existsSync(join(ROOT, path, 'package.json'))) return path;
    if (at === '.') return undefined;
  }
}
