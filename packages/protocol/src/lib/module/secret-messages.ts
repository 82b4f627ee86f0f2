import { z } from 'zod';

/** Name of a secret. */
const secretNameSchema = z.string().min(1).max(256);
const rotationId = z.string().min(1).max(128);

export const getSecretSchema = z.object({ op: z.literal('get_secret'), name: secretNameSchema });

export const rotationAckSchema = z.object({
  op: z.literal('rotation_ack'),
  rotation_id: rotationId,
  status: z.enum(['success', 'error']),
  message: z.string().max(1000).nullish(),
});

export const secretSchema = z.object({
  op: z.literal('secret'),
  name: secretNameSchema,
  value: z.string().max(256 * 1024),
  rotation_id: rotationId.nullish(),
});

/** Version 2: there is no such secret for this module. The source says nothing and lets the module wait. */
export const secretErrorSchema = z.object({
  op: z.literal('secret_error'),
  name: secretNameSchema,
  error: z.enum(['not_found', 'forbidden', 'unavailable']),
});

export const rotatedSchema = z.object({
  op: z.literal('rotated'),
  keys: z.array(secretNameSchema).max(1000),
  rotation_id: rotationId,
});
