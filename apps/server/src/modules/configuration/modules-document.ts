import { moduleNameSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { servicesSchema } from './services-document.ts';

/** The longest `modules.yaml`, in bytes. */
export const MODULES_LIMIT_BYTES = 1024 * 1024;

/** A character that no program can be given. */
const NUL = '\u0000';
const argument = z
  .string()
  .max(4096)
  .refine((value) => !value.includes(NUL), 'has a character NUL');
const text = argument.min(1);
const pattern = z.string().min(1).max(500);
const patterns = z.array(pattern).max(1000);
const percent = z.number().min(0).max(100);
const seconds = z.number().min(0.1).max(86_400);
/** Names of modules that come with Loopwright, and of the host itself. */
const TAKEN: ReadonlySet<string> = new Set(['edge', 'generator', 'orchestrator']);

const permissionsSchema = z.strictObject({
  routes: z
    .array(
      z
        .string()
        .max(500)
        .regex(/^(?:[A-Z]{1,20}|\*) \/\S*$/, 'is no route such as "GET /path" or "* /path*"'),
    )
    .max(1000)
    .optional(),
  services: patterns.optional(),
  provides: patterns.optional(),
  sends: z
    .array(
      z
        .string()
        .max(500)
        .regex(/^\S+\/\S+$|^\*$/, 'is no endpoint such as "module/endpoint"'),
    )
    .max(1000)
    .optional(),
  topics: patterns.optional(),
});

const attachSchema = z
  .strictObject({
    token_sha256: z
      .string()
      .regex(/^[\da-f]{64}$/, 'is no SHA-256 in small hexadecimal digits')
      .optional(),
    client_name: z.string().min(1).max(200).optional(),
  })
  .refine(
    ({ token_sha256, client_name }) => token_sha256 !== undefined || client_name !== undefined,
    'must name token_sha256, client_name or both',
  );

const moduleEntrySchema = z
  .strictObject({
    command: text.optional(),
    args: z.array(argument).max(200).optional(),
    cwd: text.optional(),
    attach: attachSchema.optional(),
    listen: z.string().min(1).max(300).default('127.0.0.1:0'),
    env: z.record(z.string().min(1).max(200), z.string().max(100_000)).default({}),
    secrets: z.array(z.string().min(1).max(256)).max(1000).default([]),
    permissions: permissionsSchema.default({}),
    limits: z
      .strictObject({
        memory_mb: z.int().min(16).max(1_000_000).optional(),
        processes: z.int().min(1).max(10_000).optional(),
        cpus: z.number().min(0.01).max(1024).optional(),
      })
      .default({}),
    restart: z.enum(['always', 'on_failure', 'never']).default('always'),
    attempts: z.int().min(1).max(1_000_000).default(10),
    replace: z.enum(['rolling', 'exclusive']).default('rolling'),
    channels: z
      .array(z.enum(['ipc', 'tcp']))
      .min(1)
      .max(2)
      .optional(),
    health: z
      .strictObject({
        path: z
          .string()
          .max(500)
          .regex(/^\/\S*$/, 'is no path'),
        every_seconds: seconds.default(10),
        failures: z.int().min(1).max(1000).default(3),
      })
      .optional(),
    sla: z
      .strictObject({
        availability_percent: percent.optional(),
        latency_ms: z.number().positive().optional(),
        error_percent: percent.optional(),
        throughput_per_second: z.number().positive().optional(),
        window_seconds: z.number().min(60).max(3600).optional(),
      })
      .default({}),
    alerts: z
      .strictObject({
        latency_ms: z.number().positive().optional(),
        error_percent: percent.optional(),
        throughput_drop_percent: percent.optional(),
        availability_percent: percent.optional(),
        backlog: z.int().min(1).optional(),
        every_seconds: z.number().min(60).max(1800).optional(),
      })
      .default({}),
    required: z.boolean().default(false),
    request_timeout_seconds: seconds.default(30),
  })
  .refine(({ command, attach }) => (command === undefined) !== (attach === undefined), 'must have either "command" or "attach"')
  .refine(
    ({ attach, args, cwd, limits }) =>
      attach === undefined || (args === undefined && cwd === undefined && Object.keys(limits).length === 0),
    'has "args", "cwd" or "limits", which a module that attaches cannot have',
  );
/** One module of the file. */
export type ModuleEntry = z.infer<typeof moduleEntrySchema>;

/** `modules.yaml`: the modules that users add to the server, by name, and what the host has for them. */
export const modulesDocumentSchema = z.strictObject({
  services: servicesSchema.prefault({}),
  modules: z
    .record(
      moduleNameSchema.refine((name) => !TAKEN.has(name), 'is a name of a module that comes with Loopwright'),
      moduleEntrySchema,
    )
    .refine((modules) => Object.keys(modules).length <= 100, 'has more than 100 modules')
    .default({}),
});
