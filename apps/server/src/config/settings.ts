import { z } from 'zod';
import { isAddressRange } from '../identity/address-ranges.ts';
import { jwtIssuerSchema } from '../identity/jwt/issuer-settings.ts';
import { oidcSchema } from '../identity/oidc/oidc-settings.ts';

/** One setting: its values, its default, and what it is for. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What holds when nobody says otherwise; checked by the same schema. */
  readonly default: z.input<Schema>;
  readonly description: string;
  /** Environment variables of other systems that mean the same; `LOOPWRIGHT_…` comes before them. */
  readonly environment?: readonly string[];
  /** Never shown. */
  readonly secret?: boolean;
}

const setting = <Schema extends z.ZodType>(definition: Setting<Schema>): Setting<Schema> => definition;

const port = z.int().min(0).max(65_535);
const host = z.string().trim().min(1).max(253);
const path = z.string().min(1).max(4096);
const hosts = z.array(host).max(1000);
const rate = z.int().min(1).max(100_000_000).nullable();

/** Every setting of the server, by its key in the configuration file. `docs/configuration.md` is written from this table. */
export const SETTINGS = {
  host: setting({ schema: host, default: '127.0.0.1', description: 'Address on which the control plane listens' }),
  port: setting({ schema: port, default: 8080, description: 'Port of the control plane; 0 chooses a free one' }),
  data_dir: setting({ schema: path, default: './.loopwright', description: 'Folder of everything that is stored' }),
  workflows_dir: setting({
    schema: path.nullable(),
    default: null,
    description: 'Folder of workflow definitions; null for the ones that come with Loopwright',
  }),
  secrets_dir: setting({
    schema: path.nullable(),
    default: null,
    description: 'Folder with one file for each secret that workflow definitions may use; null for none',
  }),
  durability: setting({
    schema: z.enum(['process', 'full']),
    default: 'process',
    description: 'What an acknowledged write survives: the end of the process, or also the loss of power (full)',
  }),
  log_level: setting({
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    description: 'The least severe log entries that are written',
  }),
  concurrent_executions: setting({
    schema: z.int().min(1).max(1_000_000).nullable(),
    default: null,
    description: 'Executions that run at once; the others wait as pending. Those that wait for people or timers do not count',
  }),
  concurrent_steps: setting({
    schema: z.int().min(1).max(1_000_000).nullable(),
    default: null,
    description: 'Steps of executions that are under way at once',
  }),
  rate_limits: setting({
    schema: z.string().max(10_000).nullable(),
    default: null,
    description: 'Calls of functions and to hosts in any span, as in `generate=2/60s, http:api.example.com=10/1s`',
  }),
  budget_cost_usd: setting({
    schema: z.number().min(0).max(999_999).nullable(),
    default: null,
    description: 'US dollars that an execution may cost, unless its start or its definition says otherwise',
  }),
  budget_tokens: setting({
    schema: z.int().min(0).max(1_000_000_000_000).nullable(),
    default: null,
    description: 'Tokens of models that an execution may use, unless told otherwise',
  }),
  budget_attempts: setting({
    schema: z.int().min(0).max(1_000_000_000_000).nullable(),
    default: null,
    description: 'Runs of steps that an execution may make, retries included, unless told otherwise',
  }),
  budget_wall_seconds: setting({
    schema: z.number().min(0).max(3_153_600_000).nullable(),
    default: null,
    description: 'Seconds that an execution may take, pauses not counted, unless told otherwise',
  }),
  edge_host: setting({ schema: host, default: '127.0.0.1', description: 'Address on which the edge runtime listens' }),
  edge_port: setting({ schema: port, default: 8081, description: 'Port of the edge runtime; 0 chooses a free one' }),
  generator_port: setting({ schema: port, default: 0, description: 'Port of the generation service; 0 chooses a free one' }),
  generator_url: setting({
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    default: null,
    description: 'URL of an external generation service; null for the own one',
    environment: ['PTC_SERVICE_URL'],
  }),
  generator_timeout_seconds: setting({
    schema: z.number().positive().max(86_400),
    default: 300,
    description: 'Time limit of one request to the generation service, in seconds',
    environment: ['PTC_TIMEOUT'],
  }),
  generator_max_retries: setting({
    schema: z.int().min(1).max(20),
    default: 3,
    description: 'Attempts of a request to the generation service, the first one included',
    environment: ['PTC_MAX_RETRIES'],
  }),
  generator_retry_delay_seconds: setting({
    schema: z.number().min(0).max(3600),
    default: 1,
    description: 'Wait before the second attempt, in seconds; it doubles with every further one',
    environment: ['PTC_RETRY_DELAY'],
  }),
  generator_cache_max_mb: setting({
    schema: z.int().min(0).max(102_400),
    default: 0,
    description: 'Generated results kept for an hour to answer equal plans, in mebibytes; 0 keeps none',
  }),
  sandbox_workers: setting({ schema: z.int().min(1).max(64), default: 2, description: 'Worker processes that run programs' }),
  sandbox_timeout_ms: setting({
    schema: z.int().min(1).max(60_000),
    default: 1000,
    description: 'Time limit of one run of a program, in milliseconds',
  }),
  sandbox_memory_mb: setting({
    schema: z.int().min(8).max(4096),
    default: 64,
    description: 'Memory limit of one program, in mebibytes',
  }),
  examples_max_mb: setting({
    schema: z.int().min(1).max(1024),
    default: 64,
    description: 'Largest set of labelled examples, in mebibytes',
  }),
  body_max_kb: setting({
    schema: z.int().min(1).max(102_400),
    default: 1024,
    description: 'Largest body of any other request, in kibibytes',
  }),
  retention_days: setting({
    schema: z.int().min(1).max(36_500),
    default: 7,
    description: 'Days that the execution log of a program is kept',
  }),
  journal_retention_days: setting({
    schema: z.int().min(1).max(36_500).nullable(),
    default: null,
    description: 'Days after its end that an execution keeps its journal and its events; null for ever',
  }),
  executions_retention_days: setting({
    schema: z.int().min(1).max(36_500).nullable(),
    default: null,
    description: 'Days after its end that an execution is kept, people’s answers and large values included; null for ever',
  }),
  inline_value_max_kb: setting({
    schema: z.int().min(1).max(4096),
    default: 64,
    description: 'Longest value that stays in the journal, in 1024 characters; a longer one becomes a file of its own',
  }),
  call_private_hosts: setting({
    schema: hosts,
    default: [],
    description:
      'Hosts that workflows may call although they have no public address: names, `*.suffix`, addresses or `*`, with commas between them',
  }),
  identity: setting({
    schema: z.enum(['development', 'configured']).nullable(),
    default: null,
    description:
      'Who is believed: development headers on this machine, or credentials only (configured); null for configured as soon as jwt_issuers or oidc is set or host is no loopback address',
  }),
  public_url: setting({
    schema: z
      .url({ protocol: /^https?$/ })
      .refine((url) => new URL(url).origin === url.replace(/\/$/, ''), 'has to be an origin, without a path')
      .transform((url) => new URL(url).origin)
      .nullable(),
    default: null,
    description: 'The server as browsers see it, such as `https://loopwright.example.com`; null for host and port',
  }),
  trusted_proxies: setting({
    schema: z.array(z.string().trim().min(1).max(100).refine(isAddressRange, 'is no address and no range')).max(100),
    default: [],
    description:
      'Addresses and ranges of proxies that authenticate people and say by X-User-Id and X-User-Email who they are; for identity: development',
  }),
  jwt_issuers: setting({
    schema: z
      .array(jwtIssuerSchema)
      .max(20)
      .refine((list) => new Set(list.map(({ issuer }) => issuer)).size === list.length, 'names an issuer twice'),
    default: [],
    description:
      'Issuers whose tokens are taken as `Authorization: Bearer`, a list of objects (JSON in a flag or variable); see docs/identity.md',
  }),
  oidc: setting({
    schema: oidcSchema.nullable(),
    default: null,
    description: 'The OpenID provider at which people log in, an object (JSON in a flag or variable); see docs/identity.md',
  }),
  session_idle_minutes: setting({
    schema: z.int().min(2).max(43_200),
    default: 60,
    description: 'Minutes without a request after which a session of a browser ends',
  }),
  session_max_hours: setting({
    schema: z.int().min(1).max(8760),
    default: 12,
    description: 'Hours after which a session of a browser ends in any case',
  }),
  cors_origins: setting({
    schema: z.array(z.url({ protocol: /^https?$/ })).max(100),
    default: [],
    description: 'Origins whose pages may use the API, with commas between them; none when left out',
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
  otlp_endpoint: setting({
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    default: null,
    description: 'Base URL of an OTLP/HTTP collector that gets the spans; null: they are made for logs and modules only',
    environment: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  }),
  drain_timeout_ms: setting({
    schema: z.int().min(0).max(600_000),
    default: 10_000,
    description: 'Time for work under way when the server stops, in milliseconds',
  }),
} as const;

/** The key of a setting, as in the configuration file. */
export type SettingKey = keyof typeof SETTINGS;

type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;

/** The settings in effect, by their names in the code. */
export type Configuration = {
  readonly [Key in SettingKey as CamelCase<Key>]: z.output<(typeof SETTINGS)[Key]['schema']>;
};

/** Every key, in the order of the table. */
export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS).filter(isSettingKey);

/** Whether a text is the key of a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** The flag of a setting: `--data-dir`. */
export function flagOf(key: SettingKey): string {
  return `--${key.replaceAll('_', '-')}`;
}

/** The environment variables of a setting; the first one that is set counts. */
export function variablesOf(key: SettingKey): readonly string[] {
  const { environment = [] }: Setting = SETTINGS[key];
  return [`LOOPWRIGHT_${key.toUpperCase()}`, ...environment];
}
