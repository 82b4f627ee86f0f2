import type { Registration } from '@loopwright/module-sdk';
import type { Module } from '@loopwright/protocol';
import { slaView } from './sla/sla-view.ts';
import type { SupervisedModule } from './supervised-module.ts';

const ENDPOINTS_LIMIT = 1000;

/** A module as the API shows it. */
export function moduleView(module: SupervisedModule): Module {
  const { spec, current } = module;
  const { id, ...state } = module.state();
  const { routes, secrets = [], services = [], provides = [], sends = [], topics = [] } = spec.permissions ?? {};
  const use = current?.use;
  return {
    name: id,
    ...state,
    kind: spec.launch.kind === 'attach' ? 'attached' : 'process',
    internal: spec.isInternal === true,
    replacing: module.isReplacing,
    protocol_version: current?.announcement?.protocolVersion ?? null,
    endpoints: (current?.announcement?.endpoints ?? [])
      .slice(0, ENDPOINTS_LIMIT)
      .map(({ path, methods }) => ({ path, methods: [...methods] })),
    health: current?.health ?? 'unknown',
    registration: registrationView(current?.registration),
    ...slaView(module.sla),
    requests_in_flight: module.requestsInFlight,
    channels: { ...current?.http?.channelHealth() },
    usage: use === undefined ? null : { memory_mb: Math.round(use.memoryMb * 10) / 10, processes: use.processes },
    usage_reason: use === undefined ? usageReason(module) : null,
    limits: {
      memory_mb: spec.limits?.memoryMb ?? null,
      processes: spec.limits?.processes ?? null,
      cpus: spec.limits?.cpus ?? null,
      kept_by: current?.limitsKeptBy ?? null,
      reason: current?.limitsKeptBy === 'proc' ? module.withoutCgroups : null,
    },
    permissions: {
      routes: routes === undefined ? null : [...routes],
      secrets: [...secrets],
      services: [...services],
      provides: [...provides],
      sends: [...sends],
      topics: [...topics],
    },
  };
}

function registrationView(registration: Registration | undefined): Module['registration'] {
  if (registration === undefined) return null;
  const { info, status, details, capabilities } = registration;
  return {
    name: info.name,
    version: info.version,
    description: info.description ?? '',
    metadata: { ...info.metadata },
    status: status ?? null,
    details: { ...details },
    endpoints: (capabilities?.endpoints ?? []).map(({ path, methods }) => ({ path, methods: [...methods] })),
    message_types: [...(capabilities?.message_types ?? [])],
    additional_capabilities: { ...capabilities?.additional_capabilities },
  };
}

function usageReason({ spec, current }: SupervisedModule): string {
  if (spec.launch.kind === 'attach') return 'it runs somewhere else';
  if (current === undefined) return 'it does not run';
  return process.platform === 'linux' ? 'its process has just ended' : 'only Linux tells what other processes use';
}
