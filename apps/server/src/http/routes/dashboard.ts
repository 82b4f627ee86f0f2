import { PlatformError } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DashboardFile } from '../../dashboard/dashboard-files.ts';
import { DASHBOARD_ASSETS, DASHBOARD_PAGES } from '../../dashboard/dashboard-pages.ts';
import type { AppParts } from '../app.ts';

/** A year; the name of the file has the digest of its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * The dashboard: its page, for whoever asks for HTML, and its files. An API client that came here by mistake gets the JSON error that it would get
 * anywhere else (decisions/060).
 */
export function dashboardRoutes({ dashboard, random }: Pick<AppParts, 'dashboard' | 'random'>): FastifyPluginAsyncZod {
  return async (app) => {
    for (const url of DASHBOARD_PAGES)
      app.get(url, { schema: { hide: true, querystring: ANYTHING } }, async (request, reply) => {
        const path = request.url.split('?')[0] ?? '/';
        void reply.header('vary', 'Accept');
        if (!wantsPage(request.headers.accept)) throw new PlatformError('NOT_FOUND', `Cannot find GET ${path}`);
        if (dashboard === null)
          throw new PlatformError('NOT_FOUND', 'Cannot show the dashboard: it was not built; run "npm run build"');
        const nonce = random.uuid();
        return reply
          .header('content-security-policy', policyOf(nonce))
          .header('cache-control', 'no-cache')
          .type('text/html; charset=utf-8')
          .send(dashboard.page.replaceAll('%BASE%', baseOf(path)).replaceAll('%NONCE%', nonce));
      });
    app.get(
      DASHBOARD_ASSETS,
      { schema: { hide: true, params: z.object({ file: z.string().max(200) }) } },
      async ({ params, headers }, reply) => {
        const file = dashboard?.assets.get(params.file);
        if (file === undefined) throw new PlatformError('NOT_FOUND', `Cannot find the file "${params.file}" of the dashboard`);
        const [encoding, bytes] = encodedFor(file, headers['accept-encoding'] ?? '');
        if (encoding !== undefined) void reply.header('content-encoding', encoding);
        return reply
          .header('cache-control', FOR_EVER)
          .header('vary', 'Accept-Encoding')
          .header('etag', file.etag)
          .type(file.type)
          .send(bytes);
      },
    );
  };
}

/** The query of a page is the page's own. */
const ANYTHING = z.record(z.string(), z.unknown());

/** Whether a page is wanted: browsers that navigate name HTML, and whoever names nothing gets what people would get. */
function wantsPage(accept: string | undefined): boolean {
  return accept === undefined || /(?:^|,)\s*(?:text\/html|text\/\*|\*\/\*)\s*(?:;|,|$)/i.test(accept);
}

/** The root of the server as seen from a path: relative, so that it holds below whatever path a proxy serves it. */
function baseOf(path: string): string {
  const depth = path.split('/').length - 2;
  return depth === 0 ? './' : '../'.repeat(depth);
}

/** Only its own files, and the style that React Aria adds, by its nonce. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function encodedFor({ bytes, brotli, gzip }: DashboardFile, accepted: string): [string | undefined, Buffer] {
  const takes = (name: string): boolean =>
    new RegExp(`(?:^|,)\\s*${name}\\s*(?:,|;(?!\\s*q=0(?:\\.0*)?\\s*(?:,|$))|$)`).test(accepted);
  if (brotli !== null && takes('br')) return ['br', brotli];
  if (gzip !== null && takes('gzip')) return ['gzip', gzip];
  return [undefined, bytes];
}
