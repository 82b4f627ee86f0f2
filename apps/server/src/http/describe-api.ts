import type { FastifyInstance } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { ERRORS } from '@loopwright/protocol';
import { OPERATIONS } from '../authorization/permissions.ts';
import { SECURITY_SCHEMES, describeSchemas } from './describe-schemas.ts';
import { describeWebhooks } from './describe-webhooks.ts';

/** What the pages may load: their own files. Nothing makes a browser ask by https, which this server does not speak by itself. */
const PAGES_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The OpenAPI document of every route that is registered from now on, and its pages, which load nothing from elsewhere. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Loopwright', version: '0.1.0', description: 'From labelled examples to a served program' },
      components: { securitySchemes: SECURITY_SCHEMES },
      security: [{ bearer: [] }, { session: [] }],
      webhooks: describeWebhooks(),
    },
    ...describeSchemas(),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGES_POLICY,
    theme: { title: 'Loopwright API' },
    // Without the bar of its makers, in which one could ask for the document of somebody else. Links lead to one operation.
    uiConfig: { layout: 'BaseLayout', deepLinking: true },
  });
  // Relative, so that it holds below whatever path a proxy serves it.
  app.get('/redoc', { schema: { hide: true } }, async (_request, reply) => reply.redirect('docs/', 308));
  // The document does not change once all routes are there.
  let document: object | undefined;
  app.get(
    '/openapi.json',
    { schema: { hide: true } },
    async () => (document ??= { ...withPermissions(app.swagger()), 'x-error-catalogue': ERRORS }),
  );
}

/** Says of each operation what it needs, as the table of permissions has it: `nothing`, `identity` or a permission. */
function withPermissions(document: object): object {
  const { paths = {} } = document as { paths?: Record<string, object> };
  const described = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]: [string, unknown]) => [
        method,
        { ...Object(operation), 'x-permission': OPERATIONS[`${method.toUpperCase()} ${path}`]?.need ?? null },
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(described) };
}
