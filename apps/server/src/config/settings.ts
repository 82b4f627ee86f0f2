import { z } from 'zod';

import { IDENTITY_SETTINGS } from './identity-settings.ts';
import { MODULE_SETTINGS } from './module-settings.ts';
import { MODEL_SETTINGS } from './model-settings.ts';
import { PROTECTION_SETTINGS } from './protection-settings.ts';
import { WATCHING_SETTINGS } from './watching-settings.ts';
import { type Setting, pathSchema as path, setting } from './setting.ts';

const port = z.int().min(0).max(65_535);
const host = z.string().trim().min(1).max(253);
const hosts = z.array(host).max(1000);
const eventRoute = z.string().regex(/^(?:\*|[\w.@:-]{1,200})>(?:\*|[\w.@:-]{1,200})$/, 'is no route such as "sales>billing"');

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
  profiles_dir: setting({
    schema: path.nullable(),
    default: null,
    description: 'Folder of further profiles of runs, which come before bundled ones of the same name; null for none',
  }),
  policies_dir: setting({
    schema: path.nullable(),
    default: null,
    description:
      'Folder of governance policies: universal.yaml and projects/{project_id}.yaml, where changes hold from the next gate on; null for the bundled universal one',
  }),
  run_next_wait_seconds: setting({
    schema: z.number().min(0).max(86_400),
    default: 600,
    description: 'How long `next` of a run waits for its phase before it answers that the phase is under way, in seconds',
  }),
  workspaces_retention_days: setting({
    schema: z.number().positive().max(36_500).nullable(),
    default: null,
    description: 'Days after its end that a run keeps its workspace; null for ever',
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
  ...MODULE_SETTINGS,
  ...MODEL_SETTINGS,
  sandbox_workers: setting({
    schema: z.int().min(1).max(64),
    default: 2,
    description: 'Worker processes that run programs of one project at once',
  }),
  sandbox_jail: setting({
    schema: z.enum(['required', 'preferred', 'off']).nullable(),
    default: null,
    description:
      'Jail of the operating system around programs: required runs none without it, preferred runs them and says so in /health of the edge; null for preferred in development on loopback and required elsewhere',
  }),
  sandbox_timeout_ms: setting({
    schema: z.int().min(1).max(60_000),
    default: 1000,
    description:
      'Time limit of one run of a program, in milliseconds; up to five times as long where it had less than a quarter of that on a processor',
  }),
  sandbox_state: setting({
    schema: z.enum(['kept', 'fresh']),
    default: 'fresh',
    description:
      'What a call of a program finds of its calls before: fresh, nothing; kept, its variables. Where fresh, a program in whose source nothing is found that it could keep is evaluated once all the same, any other for each call (0.7 ms for a small one, 10 ms with a large table)',
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
  admins: setting({
    schema: z.array(z.string().min(1).max(200)).max(1000),
    default: [],
    description: 'User ids that are made administrators at each start, known or not yet, with commas between them',
  }),
  default_role: setting({
    schema: z.enum(['viewer', 'operator', 'admin']),
    default: 'viewer',
    description: 'Role on the platform of a user who comes for the first time',
  }),
  project_access: setting({
    schema: z.enum(['open', 'granted']),
    default: 'open',
    description:
      'Whether the role on the platform counts in projects for which a user has no grant (open), or that of administrators only (granted)',
  }),
  audit_retention_days: setting({
    schema: z.int().min(1).max(36_500).nullable(),
    default: null,
    description:
      'Days that the audit log stays in its table; older entries are moved to files under `audit/` in the data folder. null for ever',
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
  events_retention_days: setting({
    schema: z.int().min(1).max(36_500).nullable(),
    default: 30,
    description: 'Days that the stream of all executions goes back; null for ever. Each execution keeps its own events',
  }),
  event_routes: setting({
    schema: z.array(eventRoute).max(1000),
    default: [],
    description:
      'Whose listeners and schedules hear what executions of another project emit, as in `sales>billing, *>audit` (`*` for every project); without a route only those of the same project',
  }),
  streams_max: setting({
    schema: z.int().min(1).max(100_000),
    default: 5000,
    description: 'Readers of events at once, WebSocket and SSE together',
  }),
  streams_per_user: setting({
    schema: z.int().min(1).max(100_000),
    default: 500,
    description: 'Readers of events at once of one user',
  }),
  stream_stall_seconds: setting({
    schema: z.number().min(1).max(86_400),
    default: 300,
    description: 'Seconds after which a reader of events that takes nothing is cut off',
  }),
  call_private_hosts: setting({
    schema: hosts,
    default: [],
    description:
      'Hosts that workflows may call although they have no public address: names, `*.suffix`, addresses or `*`, with commas between them',
  }),
  webhook_private_hosts: setting({
    schema: hosts,
    default: [],
    description:
      'Hosts that webhooks may be sent to although they have no public address or no https: names, `*.suffix`, addresses or `*`, with commas between them',
  }),
  webhook_timeout_seconds: setting({
    schema: z.number().min(0.1).max(120),
    default: 15,
    description: 'Time limit of one delivery to a webhook, in seconds',
  }),
  webhook_disable_after_days: setting({
    schema: z.number().min(0.01).max(365),
    default: 5,
    description: 'Days of failures without a success after which a webhook is disabled',
  }),
  webhook_log_days: setting({
    schema: z.int().min(1).max(3650),
    default: 30,
    description: 'Days that the log of deliveries to webhooks is kept',
  }),
  otlp_endpoint: setting({
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    default: null,
    description: 'Base URL of an OTLP/HTTP collector that gets the spans; null: they are made for logs and modules only',
    environment: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  }),
  ...WATCHING_SETTINGS,
  ...IDENTITY_SETTINGS,
  ...PROTECTION_SETTINGS,
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

/** The name of a setting in the code: `dataDir`. */
export function nameOf(key: SettingKey): string {
  return key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
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
