// A1. The order of a start: init line (and logs, by `runModule`) → secrets → state → messages and services → routes → channels → announce → requests are answered →
// this module is found as a provider. A2. Whatever was begun is undone in reverse when a later step fails, and at the stop. A3. Nobody finds a module that does
// not answer yet.
import { type Json, PlatformError } from '@loopwright/protocol';
import { jsonResponse } from '../http-ipc/api-response.ts';
import { HttpIpcRouter, type Middleware } from '../http-ipc/http-ipc-router.ts';
import type { MessageHandler } from '../messaging/message-client.ts';
import { provideService } from '../services/provide-service.ts';
import type { ServiceConnector } from '../services/service-connector.ts';
import type { StartModule } from '../serve-module.ts';
import { AppChannels } from './app-channels.ts';
import type { AppState, AppSurroundings } from './app-state.ts';
import { type ChannelWishes, openChannels } from './open-channels.ts';
import { RequestFigures } from './request-figures.ts';

/** Answers the requests of one endpoint. */
export type Endpoint<State> = (request: Request, app: AppState<State>) => Response | Promise<Response>;

/** `GET /path`. */
type Route = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

/** What a module is. */
export interface ModuleDefinition<State> {
  readonly name: string;
  readonly version: string;
  /** Names of secrets that it cannot be without: they are fetched first, and without one it does not start. */
  readonly secrets?: readonly string[];
  /** Builds what its endpoints share. */
  readonly state?: (app: AppSurroundings) => State | Promise<State>;
  /** Undoes `state`, at the end and when a later step of the start fails. */
  readonly dispose?: (state: State) => void | Promise<void>;
  /** Its endpoints: `{ 'POST /double': (request, app) => … }`. */
  readonly endpoints?: Readonly<Partial<Record<Route, Endpoint<State>>>>;
  /** Runs around all endpoints; the first is the outermost. */
  readonly middleware?: readonly Middleware[];
  /** Where its health is asked for; `false` for nowhere. @default /health */
  readonly health?: `/${string}` | false;
  /** Whether it is well; 503 when it gives `false` or throws. @default it is as long as it answers */
  readonly isHealthy?: (app: AppState<State>) => boolean | Promise<boolean>;
  /** Whether `GET /metrics` tells how many requests there were. @default false */
  readonly metrics?: boolean;
  /** Over which channels it is reached. @default the module channel only */
  readonly channels?: ChannelWishes;
  /** Answers requests of other modules, by endpoint. */
  readonly messages?: Readonly<
    Record<string, (content: Json, app: AppState<State>, from: { readonly source: string }) => unknown>
  >;
  /** Takes publications, by topic. */
  readonly topics?: Readonly<
    Record<string, (content: Json, app: AppState<State>, from: { readonly source: string }) => void | Promise<void>>
  >;
  /** Services that it provides to others, by name. */
  readonly provides?: Readonly<Record<string, (app: AppState<State>) => ServiceConnector>>;
}

type Undo = () => void | Promise<void>;

/**
 * Makes a module of its parts: give the result to `runModule` in a process of its own, and to `createTestHost` in a test.
 *
 * @throws RangeError When a path is defined twice.
 */
export function defineModule<State = undefined>(definition: ModuleDefinition<State>): StartModule {
  checkRoutes(definition);
  return async (init, context) => {
    const surroundings: AppSurroundings = {
      name: definition.name,
      version: definition.version,
      moduleId: init.module_id,
      orchestratorApi: init.orchestrator_api,
      env: init.env,
      secrets: context.secrets,
      services: context.services,
      messages: context.messages,
      ports: context.ports,
      clock: context.clock,
      random: context.random,
    };
    await Promise.all((definition.secrets ?? []).map((name) => context.secrets.get(name)));
    const state = (await definition.state?.(surroundings)) as State;
    let channels = new AppChannels(context.clock);
    const app = appState(surroundings, state, () => channels);
    const undo: Undo[] = [() => definition.dispose?.(state)];
    try {
      undo.push(await joinMessages(definition, app));
      const router = routerOf(definition, app);
      const opened = await openChannels(router.fetch, definition.channels ?? {}, { init, context });
      channels = opened.channels;
      undo.push(() => opened.close());
      const serving = (): Promise<void> => provideAll(definition, app, undo);
      return { endpoints: router.endpoints(), ...opened.announced, serving, stop: () => undoAll(undo) };
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  };
}

/** Answers messages and takes publications; gives what ends the latter. */
async function joinMessages<State>({ messages = {}, topics = {} }: ModuleDefinition<State>, app: AppState<State>): Promise<Undo> {
  for (const [endpoint, answer] of Object.entries(messages)) {
    const handler: MessageHandler = (content, from) => answer(content, app, from);
    app.messages.handle(endpoint, handler);
  }
  const leaves = await Promise.all(
    Object.entries(topics).map(([topic, take]) => app.messages.subscribe(topic, (content, from) => take(content, app, from))),
  );
  return async () => {
    await Promise.all(leaves.map((leave) => leave().catch(() => undefined)));
  };
}

/** The ways to a module and from it beside what it has at hand; `channelsOf` because there are none before its start is over. */
function appState<State>(surroundings: AppSurroundings, state: State, channelsOf: () => AppChannels): AppState<State> {
  const { messages } = surroundings;
  return {
    ...surroundings,
    state,
    sendRequest: (targetId, endpoint, content, options) => messages.request(targetId, endpoint, content, options),
    sendMessage: async (targetId, endpoint, content, options) => {
      await messages.request(targetId, endpoint, content, options);
    },
    availableChannels: () => channelsOf().available(),
    channelHealth: () => channelsOf().health(),
    recommendChannel: (traits, from) => channelsOf().recommend(traits, from),
  };
}

async function provideAll<State>(definition: ModuleDefinition<State>, app: AppState<State>, undo: Undo[]): Promise<void> {
  const { moduleId, services, messages, random, version } = app;
  for (const [name, connectorOf] of Object.entries(definition.provides ?? {}))
    undo.push(await provideService({ connector: connectorOf(app), name, version, moduleId, services, messages, random }));
}

function routerOf<State>(definition: ModuleDefinition<State>, app: AppState<State>): HttpIpcRouter {
  const { health = '/health', isHealthy = () => true, metrics = false, middleware = [] } = definition;
  const figures = new RequestFigures(app.clock);
  const router = new HttpIpcRouter().use(figures.middleware);
  for (const one of middleware) router.use(one);
  for (const [route, endpoint] of routesOf(definition)) {
    const [method = '', path = ''] = route.split(' ');
    router.route(method, path, (request) => endpoint(request, app));
  }
  const { name, version } = definition;
  if (health !== false)
    router.get(health, async () => {
      const isWell = await (async () => isHealthy(app))().catch(() => false);
      return jsonResponse({ status: isWell ? 'healthy' : 'unhealthy', name, version }, { status: isWell ? 200 : 503 });
    });
  if (metrics) router.get('/metrics', () => jsonResponse(figures.read()));
  return router;
}

function routesOf<State>({ endpoints = {} }: ModuleDefinition<State>): [string, Endpoint<State>][] {
  return Object.entries(endpoints).flatMap(([route, endpoint]) => (endpoint === undefined ? [] : [[route, endpoint]]));
}

/** What is wrong with a definition is said when it is made, and not when it is started. */
function checkRoutes<State>(definition: ModuleDefinition<State>): void {
  const { health = '/health', metrics = false } = definition;
  const own = [...(health === false ? [] : [`GET ${health}`]), ...(metrics ? ['GET /metrics'] : [])];
  const taken = own.find(
    (route, index) => own.indexOf(route) !== index || routesOf(definition).some(([other]) => other === route),
  );
  if (taken !== undefined)
    throw new RangeError(`Cannot define the module "${definition.name}": the route ${taken} is there twice`);
}

/** Undoes all, the latest first, whatever one of them throws; then throws the first error. */
async function undoAll(undo: Undo[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of undo.splice(0).toReversed())
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0)
    throw new PlatformError('INTERNAL_ERROR', 'Cannot stop the module cleanly: a part of it failed', { cause: errors[0] });
}
