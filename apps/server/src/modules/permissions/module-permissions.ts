import { PlatformError } from '@loopwright/protocol';
import { type ServiceType, serviceKey } from '@loopwright/module-sdk';

/** What a module may; what is not here it may not, but for `routes`. A pattern is a text, at its end `*` for anything. */
export interface ModulePermissions {
  /** Its routes that are called, as `METHOD /path` (`* /path` for every method); left out: all. */
  readonly routes?: readonly string[];
  /** Names of secrets that it may read. */
  readonly secrets?: readonly string[];
  /** Kinds of services that it may find and use: `Cache`, `custom:name`. */
  readonly services?: readonly string[];
  /** Kinds of services that it may provide to others. */
  readonly provides?: readonly string[];
  /** Whom it may write to, as `module/endpoint`. */
  readonly sends?: readonly string[];
  /** Topics that it may publish to and subscribe to. */
  readonly topics?: readonly string[];
}

/** Whether a pattern of a list fits. */
function fits(patterns: readonly string[] | undefined, text: string): boolean {
  return patterns?.some((pattern) => (pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern)) === true;
}

/** Whether a module may read a secret. */
export function mayReadSecret({ secrets }: ModulePermissions, name: string): boolean {
  return fits(secrets, name);
}

/** Whether a module may find and use a kind of service. */
export function mayUseService({ services }: ModulePermissions, type: ServiceType): boolean {
  return fits(services, serviceKey(type));
}

/** Whether a module may provide a kind of service. */
export function mayProvideService({ provides }: ModulePermissions, type: ServiceType): boolean {
  return fits(provides, serviceKey(type));
}

/** Whether a module may write to an endpoint of another. */
export function maySendTo({ sends }: ModulePermissions, target: string, endpoint: string): boolean {
  return fits(sends, `${target}/${endpoint}`);
}

/** Whether a module may publish to a topic and subscribe to it. */
export function mayUseTopic({ topics }: ModulePermissions, topic: string): boolean {
  return fits(topics, topic);
}

/** Whether a route of a module is open; the query is no part of it. */
function isOpenRoute({ routes }: ModulePermissions, method: string, uri: string): boolean {
  if (routes === undefined) return true;
  const [path = ''] = uri.split('?');
  // Servers read `/a/../b` as `/b` and `%61` as `a`: what can be read in two ways is open nowhere.
  if (/\/\.{1,2}(?:\/|$)|\\|\/\/|%(?:2[ef]|5c|[46][1-9a-f]|[57][0-9a]|3[0-9])/i.test(path)) return false;
  return (
    fits(routes, `${method.toUpperCase()} ${path}`) ||
    fits(routes, `* ${path}`) ||
    routes.some((route) => isAnyMethod(route, path))
  );
}

/** What to say of routes that a module has announced and nobody may call; `undefined` when there are none. */
export function closedRoutes(
  permissions: ModulePermissions,
  endpoints: readonly { readonly path: string; readonly methods: readonly string[] }[],
): string | undefined {
  const [first, ...more] = endpoints.filter(
    ({ path, methods }) => !methods.some((method) => isOpenRoute(permissions, method, path)),
  );
  if (first === undefined) return undefined;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  return `it announced "${first.path.slice(0, 200)}"${others}, which is none of its open routes`;
}

/** @throws `FORBIDDEN` When a route of a module is not open. */
export function checkRoute(id: string, permissions: ModulePermissions, { method, uri }: { method: string; uri: string }): void {
  if (isOpenRoute(permissions, method, uri)) return;
  const [path = ''] = uri.split('?');
  throw new PlatformError(
    'FORBIDDEN',
    `Cannot ask the module "${id}": ${method.toUpperCase()} ${path.slice(0, 200)} is none of its open routes`,
    {
      details: { module: id, routes: [...(permissions.routes ?? [])] },
    },
  );
}

function isAnyMethod(route: string, path: string): boolean {
  return route.startsWith('* ') && fits([route.slice(2)], path);
}
