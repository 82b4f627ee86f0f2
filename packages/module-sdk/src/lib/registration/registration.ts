import {
  type Capabilities,
  type HealthStatus,
  type ModuleInfo,
  type RegistrationMessage,
  registrationMessageSchema,
} from '@loopwright/protocol';

/** Messages of a second that are looked at. */
const MESSAGES_PER_SECOND = 20;
/** Of the longest message: what is kept is shown in every list of modules. */
const CHARACTERS_LIMIT = 64 * 1024;
const OPS: ReadonlySet<string> = new Set<RegistrationMessage['op']>(['heartbeat', 'capabilities', 'unregister']);

/** What a registered module says of itself, on the side of the host. It is said, not known: nothing is granted for it. */
export class Registration {
  readonly info: ModuleInfo;
  #status: HealthStatus | undefined;
  #details: Readonly<Record<string, string>> = {};
  #capabilities: Capabilities | undefined;
  #second = 0;
  #messages = 0;

  constructor(info: ModuleInfo) {
    this.info = info;
  }

  /** What its last heartbeat said; `undefined` before. */
  get status(): HealthStatus | undefined {
    return this.#status;
  }

  /** What its last heartbeat said besides. */
  get details(): Readonly<Record<string, string>> {
    return this.#details;
  }

  /** What it advertised last; `undefined` when it did not. */
  get capabilities(): Capabilities | undefined {
    return this.#capabilities;
  }

  /** Takes a message of registration; `false` for any other, and for one that is wrong or longer than 64 Ki characters. More than twenty a second are left out. */
  take(
    content: Readonly<Record<string, unknown>>,
    { now, leave }: { readonly now: number; readonly leave: () => void },
  ): boolean {
    if (typeof content['op'] !== 'string' || !OPS.has(content['op'])) return false;
    if (this.#isTooMuch(now)) return true;
    const { data: message } = registrationMessageSchema.safeParse(content);
    if (message === undefined || JSON.stringify(message).length > CHARACTERS_LIMIT) return false;
    if (message.op === 'unregister') leave();
    else if (message.op === 'capabilities') this.#capabilities = message.capabilities;
    else {
      this.#status = message.status;
      this.#details = message.details ?? {};
    }
    return true;
  }

  #isTooMuch(now: number): boolean {
    const second = Math.floor(now / 1000);
    this.#messages = second === this.#second ? this.#messages + 1 : 1;
    this.#second = second;
    return this.#messages > MESSAGES_PER_SECOND;
  }
}
