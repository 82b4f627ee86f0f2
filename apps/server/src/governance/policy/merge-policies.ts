import {
  type EffectivePolicyView,
  type Json,
  type JsonObject,
  PlatformError,
  type PolicyLayer,
  canonicalJson,
  toJson,
} from '@loopwright/protocol';
import { GATE_IDS, gateIdsOf } from '../gates/gate-ids.ts';
import { type CustomGate, type GateRules, type PolicyDocument, policyDocumentSchema } from './policy-document.ts';
import type { PolicySource } from './read-policy.ts';
import { ruleOf } from './strictness.ts';

/** How one gate behaves, and the layer that says so. */
interface EffectiveRules {
  readonly on_failure: 'warn' | 'block';
  readonly when_not_measured: 'warn' | 'block';
  /** How often it is measured anew before it blocks. */
  readonly retry: number;
  readonly layer: PolicyLayer;
}

/** A policy in effect, with the layer that each of its values came from. */
export interface EffectivePolicy {
  readonly document: PolicyDocument;
  /** The layer of a value, by its pointer. */
  layerOf(pointer: string): PolicyLayer;
  /** How a gate behaves: its own rules over the default ones. */
  rulesOf(gateId: string): EffectiveRules;
  readonly customGates: readonly CustomGate[];
  readonly view: EffectivePolicyView;
}

interface Held {
  readonly value: Json;
  readonly layer: PolicyLayer;
}

/**
 * Merges the layers from the universal one down. A value of a lower layer takes effect when it is at least as strict as what holds, or when a
 * layer above lists its pointer as `overridable`; else it is kept out and listed in `refused`. Throws INVALID_POLICY for a gate that there is not.
 */
export function mergePolicies(sources: readonly PolicySource[]): EffectivePolicy {
  const held = new Map<string, Held>();
  const refused: EffectivePolicyView['refused'] = [];
  const overridable = new Set<string>();
  for (const { layer, document } of sources) {
    const above = new Map(held);
    for (const [pointer, value] of fieldsOf(document)) {
      const before = above.get(pointer) ?? implied(pointer, above);
      if (before === undefined) held.set(pointer, { value, layer });
      else {
        const after = joined(pointer, { value, before, isFree: overridable.has(pointer) });
        if (after === undefined) refused.push({ pointer, layer, value, kept: before.value, kept_layer: before.layer });
        else if (canonicalJson(after) !== canonicalJson(before.value) || !held.has(pointer))
          held.set(pointer, { value: after, layer });
      }
    }
    // Only what a layer above says counts: a layer cannot free its own values.
    for (const pointer of document.overridable ?? []) overridable.add(pointer);
  }
  return effectivePolicy(held, refused);
}

/** What the layers above say of a field without naming it: the default of the rules of gates and of the gates of phases. */
function implied(pointer: string, above: ReadonlyMap<string, Held>): Held | undefined {
  const rule = /^\/gates\/(\w+)\/(\w+)$/.exec(pointer);
  if (rule !== null && rule[1] !== 'default') return above.get(`/gates/default/${rule[2] ?? ''}`);
  const phase = /^\/phases\/([^/]+)$/.exec(pointer);
  if (phase !== null && phase[1] !== 'default') return above.get('/phases/default');
  return undefined;
}

function joined(pointer: string, { value, before, isFree }: { value: Json; before: Held; isFree: boolean }): Json | undefined {
  if (isFree) return value;
  const rule = ruleOf(pointer);
  // A gate of one's own is changed by nobody below.
  if (rule === undefined) return canonicalJson(value) === canonicalJson(before.value) ? value : undefined;
  if (rule.compare(value, before.value) === 'looser') return undefined;
  return rule.join?.(value, before.value) ?? value;
}

/** The fields of a layer that are merged one by one, by their pointers. */
function fieldsOf(document: PolicyDocument): [string, Json][] {
  const { quality_gates = {}, brand_constraints = {}, compliance = {}, gates = {}, phases = {}, custom_gates = [] } = document;
  const list: [string, unknown][] = [];
  const add = (prefix: string, fields: object): void => {
    for (const [name, value] of Object.entries(fields)) list.push([`${prefix}/${pointerPart(name)}`, value]);
  };
  add('/quality_gates', quality_gates);
  add('/brand_constraints', brand_constraints);
  add('/compliance', compliance);
  for (const [id, rules] of Object.entries(gates)) add(`/gates/${id}`, rules);
  add('/phases', phases);
  for (const gate of custom_gates) list.push([`/custom_gates/${gate.id}`, gate]);
  return list.flatMap(([pointer, value]) => (value === undefined ? [] : [[pointer, toJson(value)]]));
}

function effectivePolicy(held: ReadonlyMap<string, Held>, refused: EffectivePolicyView['refused']): EffectivePolicy {
  const plain: Record<string, Record<string, unknown>> = {};
  const custom: Json[] = [];
  for (const [pointer, { value }] of held) {
    const [section = '', name = '', field] = pointer.slice(1).split('/').map(unpointed);
    if (section === 'custom_gates') custom.push(value);
    else if (field === undefined) (plain[section] ??= {})[name] = value;
    else ((plain[section] ??= {})[name] = Object(plain[section]?.[name] ?? {}))[field] = value;
  }
  const document = policyDocumentSchema.parse({ ...plain, custom_gates: custom });
  const customGates = document.custom_gates ?? [];
  requireKnownGates(document, customGates);
  const layerOf = (pointer: string): PolicyLayer => held.get(pointer)?.layer ?? 'universal';
  return {
    document,
    customGates,
    layerOf,
    rulesOf: (gateId) => rulesOf(gateId, { document, customGates, layerOf }),
    view: {
      policy: toJson(document) as JsonObject,
      values: [...held].map(([pointer, { value, layer }]) => ({ pointer, value, layer })),
      refused,
    },
  };
}

function rulesOf(
  gateId: string,
  { document, customGates, layerOf }: Pick<EffectivePolicy, 'document' | 'customGates' | 'layerOf'>,
): EffectiveRules {
  const custom = customGates.find(({ id }) => id === gateId);
  const own = document.gates?.[gateId] ?? {};
  const base = document.gates?.['default'] ?? {};
  const field = <Name extends keyof GateRules>(name: Name): GateRules[Name] => custom?.[name] ?? own[name] ?? base[name];
  return {
    on_failure: field('on_failure') ?? 'block',
    when_not_measured: field('when_not_measured') ?? 'warn',
    retry: field('retry') ?? 0,
    layer: layerOf(custom === undefined ? `/gates/${gateId}/on_failure` : `/custom_gates/${gateId}`),
  };
}

function requireKnownGates(document: PolicyDocument, customGates: readonly CustomGate[]): void {
  const known = gateIdsOf(customGates);
  const clash = customGates.find(({ id }) => GATE_IDS.includes(id) || id === 'default');
  if (clash !== undefined)
    throw new PlatformError(
      'INVALID_POLICY',
      `Cannot take the policy: the gate "${clash.id}" is built in and cannot be a custom one`,
    );
  const named = [...Object.keys(document.gates ?? {}), ...Object.values(document.phases ?? {}).flat()];
  const unknown = named.find((id) => id !== 'default' && !known.includes(id));
  if (unknown === undefined) return;
  throw new PlatformError('INVALID_POLICY', `Cannot take the policy: there is no gate "${unknown}"`, {
    details: { gate: unknown, known: [...known] },
  });
}

function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unpointed(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
