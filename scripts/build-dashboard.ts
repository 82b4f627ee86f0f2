// Builds the dashboard into `apps/dashboard/dist`, unless what is there was built from the same sources. `--force` builds it all the same.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const home = join(root, 'apps/dashboard');
const stampFile = join(home, 'dist/.sources');

/** Digest of everything that the build reads. */
function sourcesDigest(): string {
  const files = globSync(
    ['apps/dashboard/{index.html,package.json,src/**/*}', 'packages/{client,protocol}/src/**/*.ts', 'package-lock.json'],
    {
      cwd: root,
      withFileTypes: true,
    },
  );
  const digest = createHash('sha256').update(readFileSync(import.meta.filename));
  const paths = files
    .filter((file) => file.isFile() && !file.name.endsWith('.test.ts'))
    .map((file) => join(file.parentPath, file.name));
  for (const path of paths.toSorted()) digest.update(path.slice(root.length)).update(readFileSync(path));
  return digest.digest('hex');
}

const digest = sourcesDigest();
if (process.argv.includes('--force') || !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== digest) {
  const started = performance.now();
  const [{ build }, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')]);
  const outDir = join(home, `dist-${process.pid}`);
  await build({
    root: home,
    configFile: false,
    logLevel: 'error',
    // Relative to the page's <base>: it is served below whatever path a proxy likes.
    base: './',
    plugins: [react()],
    resolve: { conditions: ['loopwright-source', 'module', 'browser', 'production'] },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      // A data: URL needs no request, and nothing that the policy of the page allows besides images.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // Zod makes functions of texts unless it is told not to before its first schema, and the policy of the page forbids that.
      rolldownOptions: { output: { intro: 'globalThis.__zod_globalConfig = { jitless: true };' } },
    },
  });
  writeFileSync(join(outDir, '.sources'), digest);
  try {
    rmSync(join(home, 'dist'), { recursive: true, force: true });
    renameSync(outDir, join(home, 'dist'));
  } catch (error) {
    // Somebody else who built the same was faster.
    rmSync(outDir, { recursive: true, force: true });
    if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== digest) throw error;
  }
  process.stderr.write(`Built the dashboard (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
}
