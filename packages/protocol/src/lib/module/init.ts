import { z } from 'zod';
import { MODULE_INIT_LIMIT_BYTES } from './limits.ts';

const text = z.string().max(4096);

/** `host:port` or the path of a Unix socket; the source's Python side writes the latter as `{"Unix": path}`. */
export const listenSchema = z.union([
  text,
  z.object({ Unix: text }).transform(({ Unix }) => Unix),
  z.object({ Tcp: text }).transform(({ Tcp }) => Tcp),
]);

const tcpChannelSchema = z.union([
  z.object({ address: text, tls_enabled: z.boolean().default(false), required: z.boolean().default(false) }),
  // As the source's Python side has it.
  z
    .object({
      host: text,
      port: z.int().min(0).max(65_535),
      tls_enabled: z.boolean().default(false),
      required: z.boolean().default(false),
    })
    .transform(({ host, port, ...rest }) => ({ address: `${host}:${port}`, ...rest })),
]);

/** The first line that a module reads, without an `op`; at most {@link MODULE_INIT_LIMIT_BYTES}. Fields that are not known are left out. */
export const moduleInitSchema = z.object({
  orchestrator_api: text,
  module_id: z.string().max(256),
  env: z.record(z.string().max(4096), z.string().max(MODULE_INIT_LIMIT_BYTES)).default({}),
  /** `host:port`, port 0 lets the module choose; or the path of a Unix socket. */
  listen: listenSchema,
  tcp_channel: tcpChannelSchema.nullish(),
  ipc_channel: z.object({ socket_path: text, required: z.boolean().default(false) }).nullish(),
  /** Expected as `Authorization: Bearer …` on everything that only the orchestrator may call. */
  auth_token: z.string().max(16_384).optional(),
  security_level: z.enum(['None', 'Token', 'Mtls']).default('None'),
  debug_mode: z.boolean().default(false),
  log_level: z.string().max(32).default('info'),
  /** Left out by the source: version 1. */
  protocol_version: z.int().min(1).max(1_000_000).default(1),
});
/** What a module reads. */
export type ModuleInit = z.infer<typeof moduleInitSchema>;
/** What an orchestrator writes. */
export type ModuleInitLine = z.input<typeof moduleInitSchema>;
