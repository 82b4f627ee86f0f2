/** A document that a phase owes; any of the names will do. */
interface OwedDocument {
  readonly names: readonly string[];
  /** What is missing without it, for people. */
  readonly title: string;
}

/** What each phase owes (`reference/domain.md` §1.3), in the folder of the phase. */
export const OWED_DOCUMENTS: Readonly<Record<string, readonly OwedDocument[]>> = {
  planning: [
    { names: ['PRD.md', 'project_plan.md'], title: 'the product requirements or the plan' },
    { names: ['requirements.md', 'requirements.txt'], title: 'the requirements' },
    { names: ['features.json'], title: 'the list of features' },
  ],
  architecture: [
    { names: ['architecture.md', 'system_design.md'], title: 'the architecture' },
    { names: ['data_model.md'], title: 'the data model' },
    { names: ['adrs.json'], title: 'the decisions' },
  ],
  documentation: [
    { names: ['system_overview.md'], title: 'the overview' },
    { names: ['how_to_run.md', 'README.md'], title: 'how to run it' },
    { names: ['api_reference.md'], title: 'the reference' },
    { names: ['release_notes.md'], title: 'the release notes' },
  ],
};

/** Names of what phases deliver: nobody needs to refer to these files. */
export const DELIVERED_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(OWED_DOCUMENTS).flatMap((documents) => documents.flatMap(({ names }) => names)),
  'schema.json',
  'profile.json',
  'file_change_log.json',
  'qa_results.json',
  'test_results.json',
]);
