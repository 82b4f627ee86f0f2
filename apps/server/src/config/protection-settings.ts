import { z } from 'zod';
import { setting } from './setting.ts';

/** Scheme, host and port as browsers send them. */
const origin = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`,
    'is no origin such as https://app.example',
  )
  .overwrite((text) => (URL.canParse(text) ? new URL(text).origin : text));

const rate = z.int().min(1).max(100_000_000).nullable();

/** The settings of what one caller may use of the interface. */
export const PROTECTION_SETTINGS = {
  cors_origins: setting({
    schema: z.array(origin).max(100),
    default: [],
    description:
      'Origins whose pages may use the API with an API key or a token (never with a session), with commas between them; none when left out',
  }),
  requests_per_minute_address: setting({
    schema: rate,
    default: 3000,
    description: 'Requests a minute from one address of the network (IPv6: one /64), loopback excepted; null for any number',
  }),
  requests_per_minute_user: setting({
    schema: rate,
    default: 1200,
    description: 'Requests a minute by one person; not counted under development identity',
  }),
  requests_per_minute_key: setting({ schema: rate, default: 1200, description: 'Requests a minute with one API key' }),
  refusals_per_minute_address: setting({
    schema: rate,
    default: 20,
    description: 'Refused credentials a minute from one address, loopback excepted; then it gets no answer but 429',
  }),
  starts_per_day_user: setting({
    schema: z.int().min(0).max(100_000_000).nullable(),
    default: null,
    description: 'Executions and runs that one person may start on a day (UTC)',
  }),
  headers_timeout_ms: setting({
    schema: z.int().min(100).max(600_000),
    default: 15_000,
    description: 'Time in which the headers of a request must have come, in milliseconds; then the connection is closed',
  }),
  request_timeout_ms: setting({
    schema: z.int().min(100).max(86_400_000),
    default: 300_000,
    description: 'Time in which a request must have come as a whole, in milliseconds; then the connection is closed',
  }),
  connections_max: setting({
    schema: z.int().min(1).max(1_000_000),
    default: 10_000,
    description: 'Connections that are open at once; more are closed at once',
  }),
} as const;
