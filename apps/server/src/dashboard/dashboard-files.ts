import { hash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { promisify } from 'node:util';

/** The folder that `npm run build` writes the dashboard to. */
export const BUILT_DASHBOARD = join(import.meta.dirname, '../../../dashboard/dist');

/** One file of the dashboard, as it goes out. */
export interface DashboardFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The same, compressed; `null` for what does not get smaller. */
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
  readonly etag: string;
}

/** The built dashboard, held in memory: it is about a megabyte, and no request can name a file outside of it. */
export interface DashboardFiles {
  /** The page that every route of the dashboard is served with, with places for its base and its nonce. */
  readonly page: string;
  /** Files with a digest in their names, by name. */
  readonly assets: ReadonlyMap<string, DashboardFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Reads the dashboard from its folder; `null` when it was not built. */
export async function readDashboard(dir: string): Promise<DashboardFiles | null> {
  const page = await readFile(join(dir, 'index.html'), 'utf8').catch(() => null);
  if (page === null) return null;
  const names = (await readdir(join(dir, 'assets'))).filter((name) => TYPES[extname(name)] !== undefined);
  const files = names.map(async (name): Promise<[string, DashboardFile]> => [name, await readAsset(join(dir, 'assets', name))]);
  return { page, assets: new Map(await Promise.all(files)) };
}

async function readAsset(path: string): Promise<DashboardFile> {
  const bytes = await readFile(path);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const etag = `"${hash('sha1', bytes, 'base64url')}"`;
  if (type.startsWith('font/')) return { type, bytes, brotli: null, gzip: null, etag };
  // Quality 5 of brotli: as small as gzip at its best, in a tenth of the time of brotli's best.
  const brotli = await compressBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return { type, bytes, brotli, gzip: await compressGzip(bytes), etag };
}
