/** Percentages as somebody types them, such as "5, 25, 50, 100"; a text says what is wrong with them. */
export function stagesOf(text: string): number[] | string {
  const parts = text.split(/[\s,;%]+/).filter((part) => part !== '');
  const stages = parts.map(Number);
  if (stages.length === 0) return 'At least one stage is needed';
  if (stages.length > 20) return 'Twenty stages at the most';
  if (stages.some((stage) => !Number.isFinite(stage) || stage < 0.1 || stage > 100)) return 'Each is a number from 0.1 to 100';
  if (stages.some((stage, at) => stage <= (stages[at - 1] ?? 0))) return 'Each must be larger than the one before';
  return stages;
}
