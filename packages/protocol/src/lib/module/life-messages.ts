import { z } from 'zod';
import { requestIdSchema } from './http-messages.ts';
import { listenSchema, moduleInitSchema } from './init.ts';

const version = z.int().min(1).max(1_000_000);
const port = z.int().min(0).max(65_535);

/** The source has a bare text here, which its own encoding cannot write. */
export const identifySchema = z.object({
  op: z.literal('identify'),
  module_id: z.string().max(256),
  /** Left out by the source: version 1. */
  protocol_version: version.optional(),
});

export const announceSchema = z.object({
  op: z.literal('announce'),
  listen: listenSchema,
  endpoints: z
    .array(
      z.object({
        path: z.string().max(4096),
        methods: z.array(z.string().max(32)).max(32),
        auth: z.string().max(256).nullish(),
      }),
    )
    .max(10_000),
  /** Left out by the source: version 1. */
  protocol_version: version.optional(),
});

/** Asks for a port; 0 and nothing mean any. */
export const portRequestSchema = z.object({
  op: z.literal('port_request'),
  request_id: requestIdSchema,
  specific_port: port.nullish(),
});

/** `port` 0 means that there is none. */
export const portResponseSchema = z.object({
  op: z.literal('port_response'),
  request_id: requestIdSchema,
  success: z.boolean(),
  port,
  error_message: z.string().max(4096).nullish(),
});

export const heartbeatSchema = z.object({ op: z.literal('heartbeat') });
export const heartbeatAckSchema = z.object({ op: z.literal('heartbeat_ack') });
export const shutdownSchema = z.object({ op: z.literal('shutdown') });

/** The init object once more, after the first line. */
export const initSchema = moduleInitSchema.extend({ op: z.literal('init') });
