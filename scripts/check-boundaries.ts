// Who may import whom (DESIGN §2). Static imports and exports of every source file are read with a parser.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

const root = join(import.meta.dirname, '..');

/** The workspace packages that each one may import. */
const ALLOWED: Record<string, readonly string[]> = {
  'packages/protocol': [],
  'packages/engine': ['protocol'],
  // An engine for several machines; whoever stays on one does not load it.
  'packages/engine-restate': ['protocol', 'engine'],
  'packages/generation': ['protocol'],
  'packages/module-sdk': ['protocol'],
  // How long to wait for a busy service is the same for models.
  'packages/models': ['protocol', 'generation'],
  'packages/client': ['protocol'],
  // The edge is a module of its own process.
  'packages/edge': ['protocol', 'module-sdk'],
  'apps/server': ['protocol', 'engine', 'generation', 'models', 'edge', 'module-sdk'],
  'apps/generator': ['protocol', 'generation', 'models', 'module-sdk', 'edge'],
  'apps/cli': ['protocol', 'client'],
  'apps/dashboard': ['protocol', 'client'],
};

const problems: string[] = [];
const used = new Set<string>();
for (const file of globSync('{packages,apps}/*/src/**/*.{ts,tsx}', { cwd: root })) {
  const home = file.split('/').slice(0, 2).join('/');
  const allowed = ALLOWED[home];
  if (allowed === undefined) {
    problems.push(`${file}: ${home} is not in the table of boundaries`);
    continue;
  }
  for (const specifier of importsOf(join(root, file))) {
    const name = /^@loopwright\/([a-z-]+)/.exec(specifier)?.[1];
    if (name !== undefined) {
      used.add(`${home} → ${name}`);
      const own = home.endsWith(`/${name}`);
      if (!own && !allowed.includes(name)) problems.push(`${file}: ${home} may not import @loopwright/${name}`);
    } else if (specifier.startsWith('.')) {
      const target = relative(root, resolve(dirname(join(root, file)), specifier));
      if (!target.startsWith(`${home}/`)) problems.push(`${file}: "${specifier}" leaves ${home}`);
      else if (home === 'apps/dashboard' && isUpstream(file, target))
        problems.push(`${file}: "${specifier}" is against the flow`);
    }
  }
}
for (const [home, allowed] of Object.entries(ALLOWED)) {
  for (const name of allowed)
    if (!used.has(`${home} → ${name}`)) problems.push(`${home} does not use @loopwright/${name}: drop it from the table`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);

/** The dashboard flows one way: shared → features → app, and no feature knows another one. */
function isUpstream(file: string, target: string): boolean {
  const placeOf = (path: string): string[] => path.split('/').slice(3);
  const [layer, feature] = placeOf(file);
  const [targetLayer, targetFeature] = placeOf(target);
  if (layer === 'shared') return targetLayer !== 'shared';
  return layer === 'features' && (targetLayer === 'app' || (targetLayer === 'features' && targetFeature !== feature));
}

function importsOf(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
  ];
}
