/** A way to a module. */
export type ChannelName = 'ipc' | 'tcp';

/** What a request is, for the choice of its way. */
export interface RequestTraits {
  /** Of the body; `undefined` when it is a stream. */
  readonly bytes: number | undefined;
  /** @default 'normal' */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | 'bulk';
  /** @default 'data' */
  readonly type?: 'control' | 'data' | 'file_transfer' | 'stream' | 'real_time' | 'batch';
}

/** What is known of a channel. */
export interface ChannelHealth {
  /** Whether requests can be sent over it now: it is open and its breaker lets them. */
  readonly isUsable: boolean;
  /** From a request to the head of its answer, moving mean; `undefined` before the first answer. */
  readonly latencyMs: number | undefined;
}

/** Which channels are used, and when; all true when left out. */
export interface ChannelPreferences {
  readonly useIpc?: boolean;
  readonly useTcp?: boolean;
  readonly preferIpcForLocal?: boolean;
  readonly preferTcpForRemote?: boolean;
  /** Whether a request may go over another channel than the best. */
  readonly enableFallback?: boolean;
}

/** Bodies up to here are small. */
const SMALL_BYTES = 1024;
/** The source's: while the module channel answers within this it is taken for what is urgent. */
const URGENT_MS = 10;
const REAL_TIME_MS = 5;

/**
 * The channels for a request, best first, by the source's matrix: small bodies over the module channel, large ones and files over TCP, modules on other machines over TCP; what
 * is urgent over the module channel while that is quick, and otherwise over the quicker one. A channel that cannot be used comes last.
 */
export function rankChannels(
  traits: RequestTraits,
  {
    isRemote,
    ipc,
    tcp,
    preferences: { preferIpcForLocal = true, preferTcpForRemote = true } = {},
  }: {
    readonly isRemote: boolean;
    readonly ipc: ChannelHealth | undefined;
    readonly tcp: ChannelHealth | undefined;
    readonly preferences?: ChannelPreferences;
  },
): ChannelName[] {
  const isIpcBetter = ((): boolean => {
    if (isRemote && preferTcpForRemote) return false;
    const limitMs = urgentWithin(traits);
    if (limitMs !== undefined) return isQuick(ipc?.latencyMs, limitMs, tcp?.latencyMs);
    if (traits.priority === 'bulk' || traits.type === 'file_transfer') return false;
    return preferIpcForLocal && traits.bytes !== undefined && traits.bytes <= SMALL_BYTES;
  })();
  const order: ChannelName[] = isIpcBetter ? ['ipc', 'tcp'] : ['tcp', 'ipc'];
  const health = { ipc, tcp };
  const there = order.filter((name) => health[name] !== undefined);
  return [
    ...there.filter((name) => health[name]?.isUsable === true),
    ...there.filter((name) => health[name]?.isUsable === false),
  ];
}

function urgentWithin({ priority, type }: RequestTraits): number | undefined {
  if (type === 'real_time') return REAL_TIME_MS;
  return priority === 'critical' || priority === 'high' ? URGENT_MS : undefined;
}

function isQuick(latencyMs: number | undefined, limitMs: number, otherMs: number | undefined): boolean {
  return latencyMs === undefined || latencyMs <= limitMs || (otherMs !== undefined && latencyMs <= otherMs);
}
