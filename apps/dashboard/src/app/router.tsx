import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { BASE_PATH } from '../shared/api/api.ts';
import { ErrorState, Loading } from '../shared/ui/states.tsx';
import { apiDocsSearchSchema } from '../features/api-docs/api-docs-search.ts';
import { modulesSearchSchema } from '../features/modules/modules-search.ts';
import { newRunSearchSchema } from '../features/new-run/new-run-search.ts';
import { inboxSearchSchema } from '../features/inbox/inbox-search.ts';
import { programSearchSchema, programsSearchSchema } from '../features/programs/programs-search.ts';
import { executionsSearchSchema } from '../features/executions/executions-search.ts';
import { executionSearchSchema } from '../features/run/execution/execution-search.ts';
import { runSearchSchema } from '../features/run/run-search.ts';
import { runsSearchSchema } from '../features/runs/runs-search.ts';
import { settingsSearchSchema } from '../features/settings/settings-search.ts';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell.tsx';
import { SignedInAlready } from './signed-in-already.tsx';
import { signInSearchSchema } from './sign-in-search.ts';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => redirect({ to: '/orchestrator/runs', replace: true, throw: true }),
});

/** Whoever is signed in is shown no page to sign in, but what they came for. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search) => signInSearchSchema.parse(search),
  component: SignedInAlready,
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/orchestrator/runs',
  validateSearch: (search) => runsSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/runs/runs-page.tsx'), 'RunsPage'),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/orchestrator/runs/$runId',
  validateSearch: (search) => runSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/run/run-page.tsx'), 'RunPage'),
});

const executions = createRoute({
  getParentRoute: () => root,
  path: '/orchestrator/executions',
  validateSearch: (search) => executionsSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/executions/executions-page.tsx'), 'ExecutionsPage'),
});

const execution = createRoute({
  getParentRoute: () => root,
  path: '/orchestrator/executions/$executionId',
  validateSearch: (search) => executionSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/run/execution/execution-page.tsx'), 'ExecutionPage'),
});

const newRun = createRoute({
  getParentRoute: () => root,
  path: '/new-run',
  validateSearch: (search) => newRunSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/new-run/new-run-page.tsx'), 'NewRunPage'),
});

const modules = createRoute({
  getParentRoute: () => root,
  path: '/modules',
  validateSearch: (search) => modulesSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/modules/modules-page.tsx'), 'ModulesPage'),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  validateSearch: (search) => inboxSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/inbox/inbox-page.tsx'), 'InboxPage'),
});

/** Shown by the inbox itself, beside its list. */
const task = createRoute({ getParentRoute: () => inbox, path: '$taskId' });

const programs = createRoute({
  getParentRoute: () => root,
  path: '/programs',
  validateSearch: (search) => programsSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/programs/programs-page.tsx'), 'ProgramsPage'),
});

const program = createRoute({
  getParentRoute: () => root,
  path: '/programs/$name',
  validateSearch: (search) => programSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/programs/program-page.tsx'), 'ProgramPage'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: (search) => settingsSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/settings/settings-page.tsx'), 'SettingsPage'),
});

const apiDocs = createRoute({
  getParentRoute: () => root,
  path: '/api-docs',
  validateSearch: (search) => apiDocsSearchSchema.parse(search),
  component: lazyRouteComponent(() => import('../features/api-docs/api-docs-page.tsx'), 'ApiDocsPage'),
});

/** Every page. Each one is loaded when it is first shown; what is in the URL is parsed by the page's schema. */
export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    runs,
    run,
    executions,
    execution,
    inbox.addChildren([task]),
    programs,
    program,
    newRun,
    modules,
    settings,
    apiDocs,
  ]),
  basepath: BASE_PATH === '' ? '/' : BASE_PATH,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading label="Loading the page" />,
  defaultErrorComponent: ({ error, reset }) => <ErrorState isPage error={error} retry={reset} />,
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
