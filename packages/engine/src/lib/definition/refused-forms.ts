import { z } from 'zod';
import { authenticationSchema } from '../http-call/authentication-policy.ts';
import { endpointSchema } from '../http-call/call-arguments.ts';

/*
 * The forms of what the standard has and this engine does not run. They are checked all the same, so that a definition that is wrong
 * is told what is wrong with it, and one that is right is told why it cannot run here.
 */

interface RefusedIssue {
  readonly path: PropertyKey[];
  readonly message: string;
}

const text = z.string();
const map = z.record(z.string(), z.json());
const resource = z.strictObject({ name: text.optional(), endpoint: endpointSchema });
const duration = z.union([text, z.record(z.string(), z.number())]);

const message = z.looseObject({ payload: map.optional(), headers: map.optional() });
const subscription = z.strictObject({
  filter: text.optional(),
  consume: z.union([
    z.strictObject({ for: duration.optional(), amount: z.int() }),
    z.strictObject({ for: duration.optional(), while: text }),
    z.strictObject({ for: duration.optional(), until: text }),
  ]),
  foreach: z.looseObject({ item: text.optional(), at: text.optional(), do: z.array(map).optional() }).optional(),
});
const asyncapi = z
  .strictObject({
    document: resource,
    channel: text.optional(),
    operation: text.optional(),
    server: z.strictObject({ name: text, variables: map.optional() }).optional(),
    protocol: z
      .enum([
        'amqp',
        'amqp1',
        'anypointmq',
        'googlepubsub',
        'http',
        'ibmmq',
        'jms',
        'kafka',
        'mercure',
        'mqtt',
        'mqtt5',
        'nats',
        'pulsar',
        'redis',
        'sns',
        'solace',
        'sqs',
        'stomp',
        'ws',
      ])
      .optional(),
    message: message.optional(),
    subscription: subscription.optional(),
    authentication: authenticationSchema.optional(),
  })
  .refine(({ operation, channel }) => (operation === undefined) !== (channel === undefined), {
    error: 'An AsyncAPI call has either an operation or a channel',
  })
  .refine((call) => (call.message === undefined) !== (call.subscription === undefined), {
    error: 'An AsyncAPI call has either a message or a subscription',
  });

const grpc = z.strictObject({
  proto: resource,
  service: z.strictObject({
    name: text,
    host: text.regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$/),
    port: z.int().min(0).max(65_535).optional(),
    authentication: authenticationSchema.optional(),
  }),
  method: text,
  arguments: map.optional(),
});

const a2a = z.strictObject({
  agentCard: resource.optional(),
  server: endpointSchema.optional(),
  method: text,
  parameters: z.union([map, text]).optional(),
});

const mcp = z.looseObject({
  method: text,
  parameters: z.union([map, text]).optional(),
  timeout: duration.optional(),
  transport: z
    .looseObject({
      http: z.looseObject({ endpoint: endpointSchema }).optional(),
      stdio: z.looseObject({ command: text }).optional(),
    })
    .refine(({ http, stdio }) => (http === undefined) !== (stdio === undefined), {
      error: 'A transport is either http or stdio',
    }),
});

const processForm = {
  await: z.boolean().optional(),
  return: z.enum(['stdout', 'stderr', 'code', 'all', 'none']).optional(),
};
const streams = { stdin: text.optional(), arguments: z.array(text).optional(), environment: map.optional() };
const shell = z.strictObject({ ...processForm, shell: z.strictObject({ command: text, ...streams }) });
const container = z.strictObject({
  ...processForm,
  container: z.strictObject({
    image: text,
    name: text.optional(),
    command: text.optional(),
    ports: map.optional(),
    volumes: map.optional(),
    ...streams,
    lifetime: z
      .strictObject({ cleanup: z.enum(['always', 'never', 'eventually']), after: duration.optional() })
      .refine(({ cleanup, after }) => (cleanup === 'eventually') === (after !== undefined), {
        error: 'A lifetime has "after" when its cleanup is "eventually", and only then',
      })
      .optional(),
    pullPolicy: z.enum(['ifNotPresent', 'always', 'never']).optional(),
  }),
});

const CALLS: Readonly<Record<string, { readonly form: z.ZodType; readonly why: string }>> = {
  asyncapi: { form: asyncapi, why: 'no message broker is attached; use "emit" and "listen", or call a function' },
  grpc: { form: grpc, why: 'gRPC is not supported; call the service by "http" or by a function' },
  a2a: { form: a2a, why: 'agents are called by functions of the platform' },
  mcp: { form: mcp, why: 'MCP servers are called by functions of the platform' },
};
const PROCESSES: Readonly<Record<string, { readonly form: z.ZodType; readonly why: string }>> = {
  shell: { form: shell, why: 'commands of the operating system are not run for definitions; use "run: script" or a function' },
  container: { form: container, why: 'containers are not run for definitions; use "run: script" or a function' },
};

const called = z.looseObject({ call: z.string(), with: z.unknown() });
const running = z.looseObject({ run: z.record(z.string(), z.unknown()) });

/** Why a task of the standard cannot run here, or what is wrong with its form; `undefined` for every other task. */
export function refuseForm(task: unknown): RefusedIssue[] | undefined {
  const call = called.safeParse(task).data;
  if (call !== undefined && Object.hasOwn(CALLS, call.call)) {
    const wrong = CALLS[call.call]?.form.safeParse(call.with ?? {}).error;
    if (wrong !== undefined) return wrong.issues.map(({ path, message: what }) => ({ path: ['with', ...path], message: what }));
    return [{ path: ['call'], message: `Cannot call "${call.call}": ${CALLS[call.call]?.why}` }];
  }
  const run = running.safeParse(task).data?.run;
  const kind = Object.keys(run ?? {}).find((key) => Object.hasOwn(PROCESSES, key));
  if (kind === undefined) return undefined;
  const wrong = PROCESSES[kind]?.form.safeParse(run).error;
  if (wrong !== undefined) return wrong.issues.map(({ path, message: what }) => ({ path: ['run', ...path], message: what }));
  return [{ path: ['run', kind], message: `Cannot run the ${kind}: ${PROCESSES[kind]?.why}` }];
}
