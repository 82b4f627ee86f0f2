import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { isDeeperThan } from './json-depth.ts';
import { HTTP_CHUNK_BYTES, MODULE_DEPTH_LIMIT } from './limits.ts';
import type { ModuleMessage } from './messages.ts';

/** The id under which modules reach the orchestrator itself; no module may have it. */
export const ORCHESTRATOR_ID = 'orchestrator';

/** The longest message between modules, in bytes of its JSON: as an array of numbers it still fits a line. */
export const MODULE_ENVELOPE_LIMIT_BYTES = 1024 * 1024;

/** Bytes of a stream between modules in one message. */
export const STREAM_CHUNK_BYTES: number = HTTP_CHUNK_BYTES;

const name = z.string().min(1).max(256);

/** What stands in the payload of messages that are routed between modules: the source leaves it to the modules. */
const moduleEnvelopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('request'), endpoint: name, content: jsonSchema }),
  z.strictObject({ kind: z.literal('response'), content: jsonSchema }),
  z.strictObject({ kind: z.literal('error'), code: z.string().max(64), message: z.string().max(1000) }),
  z.strictObject({ kind: z.literal('publish'), topic: name, content: jsonSchema }),
  z.strictObject({
    kind: z.literal('chunk'),
    endpoint: name,
    stream_id: z.string().min(1).max(128),
    /** From 0, without holes. */
    sequence: z.int().min(0),
    /** Base64. */
    data: z.string().max(Math.ceil(STREAM_CHUNK_BYTES / 3) * 4),
    last: z.boolean(),
    /** CRC-32 of the bytes, in hexadecimal. */
    checksum: z
      .string()
      .regex(/^[\da-f]{8}$/)
      .optional(),
  }),
]);
/** One message between modules. */
export type ModuleEnvelope = z.infer<typeof moduleEnvelopeSchema>;

/** A payload of the wire. */
export type EncodedMessage = Extract<ModuleMessage, { op: 'route_to_module' }>['payload'];

/** Writes an envelope as a payload. @throws RangeError When it is longer than {@link MODULE_ENVELOPE_LIMIT_BYTES} or nested too deep. */
export function encodeModuleEnvelope(envelope: ModuleEnvelope): EncodedMessage {
  const text = JSON.stringify(envelope);
  const bytes = Buffer.from(text);
  if (bytes.length > MODULE_ENVELOPE_LIMIT_BYTES)
    throw new RangeError(`Cannot send the message: it has more than ${MODULE_ENVELOPE_LIMIT_BYTES} bytes`);
  if (isDeeperThan(MODULE_DEPTH_LIMIT, text)) throw new RangeError('Cannot send the message: it is nested too deep');
  return { data: [...bytes], format: 'Json' };
}

/** Reads a payload; `undefined` when it holds no envelope. Never throws. */
export function readModuleEnvelope({ data }: EncodedMessage): ModuleEnvelope | undefined {
  if (data.length > MODULE_ENVELOPE_LIMIT_BYTES) return undefined;
  const text = Buffer.from(data).toString();
  if (isDeeperThan(MODULE_DEPTH_LIMIT, text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return moduleEnvelopeSchema.safeParse(value).data;
}
