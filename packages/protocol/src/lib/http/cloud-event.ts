import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';

/** A CloudEvent 1.0 in structured mode. `source` and `id` together name it: sent again it is the same event. */
export const cloudEventSchema = z
  .object({
    specversion: z.literal('1.0').default('1.0'),
    id: z.string().min(1).max(500),
    source: z.string().min(1).max(2000),
    type: z.string().min(1).max(500),
  })
  .catchall(jsonSchema)
  .meta({ examples: [{ specversion: '1.0', id: 'e-1', source: 'shop', type: 'order.placed', data: { order: 7 } }] });
