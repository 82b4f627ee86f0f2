import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';

/** Name of a module. */
export const moduleNameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'is no name: small letters, digits and single hyphens, at most 64');

const time = z.iso.datetime({ offset: true });
const patterns = z.array(z.string());
const promise = z.object({ measured: z.number().nullable(), promised: z.number().nullable() });

/** One module of the server, and how it is. */
export const moduleSchema = z.object({
  name: z.string(),
  /** `running` takes requests; `starting`, `replacing` and `backing_off` let them wait; the others refuse them. */
  status: z.enum([
    'starting',
    'running',
    'replacing',
    'backing_off',
    'draining',
    'drained',
    'stopping',
    'stopped',
    'failed',
    'waiting',
  ]),
  /** `attached`: somebody else starts it. */
  kind: z.enum(['process', 'attached']),
  /** Whether the server is degraded while it does not run. */
  required: z.boolean(),
  /** Whether it is a part of the server, which alone asks its routes. */
  internal: z.boolean(),
  /** Whether another run is about to take the place of the one that serves. */
  replacing: z.boolean(),
  pid: z.int().nullable(),
  /** `host:port` that it announced, or `ipc:NAME` when it has no port. */
  listen: z.string().nullable(),
  protocol_version: z.int().nullable(),
  /** Routes that it announced, at most a thousand of them. */
  endpoints: z.array(z.object({ path: z.string(), methods: z.array(z.string()) })),
  restarts: z.int(),
  last_exit: z.object({ code: z.int().nullable(), signal: z.string().nullable(), reason: z.string(), at: time }).nullable(),
  since: time,
  /** What the check of its health said last; where none is configured, what it says of itself when it has registered; otherwise `unknown`. */
  health: z.enum(['healthy', 'degraded', 'unhealthy', 'unknown']),
  /** What it says of itself when it has registered over TCP; `null` for all others. */
  registration: z
    .object({
      name: z.string(),
      version: z.string(),
      description: z.string(),
      metadata: z.record(z.string(), jsonSchema),
      status: z.enum(['Healthy', 'Degraded', 'Unhealthy']).nullable(),
      details: z.record(z.string(), z.string()),
      endpoints: z.array(z.object({ path: z.string(), methods: z.array(z.string()) })),
      message_types: patterns,
      additional_capabilities: z.record(z.string(), jsonSchema),
    })
    .nullable(),
  /** What is promised of it and what was measured over the window; `null` where nothing was measured, or nothing promised. */
  sla: z.object({
    window_seconds: z.number(),
    requests: z.int(),
    availability_percent: promise,
    latency_ms: promise,
    error_percent: promise,
    throughput_per_second: promise,
    kept: z.object({
      availability: z.boolean().nullable(),
      latency: z.boolean().nullable(),
      errors: z.boolean().nullable(),
      throughput: z.boolean().nullable(),
    }),
  }),
  /** What is wrong with it, as of the last look; events `module_alert_raised` and `module_alert_cleared` tell of it. */
  alerts: z.array(z.object({ type: z.string(), value: z.number(), threshold: z.number(), since: time })),
  /** Requests without an answer yet. */
  requests_in_flight: z.int(),
  /** The ways of requests to it, and what each has done. */
  channels: z.record(
    z.string(),
    z.object({
      state: z.string(),
      requests: z.int(),
      failures: z.int(),
      taken_over: z.int(),
      latency_ms: z.number().nullable(),
    }),
  ),
  /** What it and all that it started use now; `null` where that cannot be seen, for the reason below. */
  usage: z.object({ memory_mb: z.number(), processes: z.int() }).nullable(),
  usage_reason: z.string().nullable(),
  /** `kept_by`: the kernel (`cgroup`), or looks at `/proc` four times a second (`proc`, for the reason below); `null` while it does not run, and without limits. */
  limits: z.object({
    memory_mb: z.int().nullable(),
    processes: z.int().nullable(),
    cpus: z.number().nullable(),
    kept_by: z.enum(['cgroup', 'proc']).nullable(),
    reason: z.string().nullable(),
  }),
  /** What it may; `routes` is `null` when all of its routes are open. */
  permissions: z.object({
    routes: patterns.nullable(),
    secrets: patterns,
    services: patterns,
    provides: patterns,
    sends: patterns,
    topics: patterns,
  }),
});
export type Module = z.infer<typeof moduleSchema>;

const names = z.array(z.string());
/** `POST /api/v1/modules/reload`: names of modules, by what was begun with them. */
export const moduleChangesSchema = z.object({ started: names, replaced: names, stopped: names, unchanged: names });
export type ModuleChanges = z.infer<typeof moduleChangesSchema>;

/** `GET /api/v1/modules`: a page of the modules, by name. */
export const moduleListSchema = z.object({ modules: z.array(moduleSchema), total: z.int(), next_cursor: nextCursorSchema });

/** `GET /api/v1/modules/{name}/logs`: lines that it wrote, and what the supervisor has to say of it, the oldest first. */
export const moduleLogSchema = z.object({
  entries: z.array(
    z.object({
      /** Counts the lines of the module since the start of the server, from 1. */
      seq: z.int(),
      at: time,
      source: z.enum(['stdout', 'stderr', 'supervisor']),
      level: z.enum(['info', 'warn', 'error']),
      text: z.string(),
    }),
  ),
  /** Lines before these that were asked for and are not kept any more. */
  missed: z.int(),
  next_cursor: nextCursorSchema,
  /** A cursor for the lines that come after these, also when there are none yet. */
  tail_cursor: z.string(),
});

/** `POST /api/v1/modules/{name}/start`, `stop`, `restart`, `replace` and `drain`; the body may be left out. */
export const moduleActionSchema = z.strictObject({
  /** Stands in the audit log. */
  reason: z.string().max(500).optional(),
});

/** `POST /api/v1/modules/{name}/rotate`. */
export const rotateSecretsSchema = z.strictObject({
  /** Names of secrets that are new at their source; those that the module may not read are left out. */
  names: z.array(z.string().min(1).max(256)).min(1).max(100),
});

/** What the module says of it: `timed_out` and `gone` mean that it may use the old values still. */
export const rotationSchema = z.object({
  status: z.enum(['success', 'error', 'timed_out', 'gone']),
  message: z.string().nullable(),
});

/** `POST /api/v1/modules/{name}/request`: a request to a route of the module. */
export const moduleRequestSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path: z
    .string()
    .max(4096)
    .regex(/^\/(?!\/)[\x21-\x7e]*$/, 'is no path'),
  /** Sent as JSON; left out for none. */
  body: jsonSchema.optional(),
  /** Sent to the module as it is; with it a request may be given to it twice. */
  idempotency_key: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x21-\x7e]*$/)
    .optional(),
  timeout_seconds: z.number().min(0.1).max(600).default(30),
});

/** What the module answered. */
export const moduleAnswerSchema = z.object({
  status: z.int(),
  content_type: z.string().nullable(),
  /** The body when it is JSON. */
  body: jsonSchema.nullable(),
  /** The body when it is not, as text. */
  text: z.string().nullable(),
});
