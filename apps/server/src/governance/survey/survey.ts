import { z } from 'zod';
import { SURVEY_LIMITS } from './limits.ts';

const place = z.object({ line: z.int(), message: z.string().max(500) });
/** Something at a line of a file. */
export type Place = z.infer<typeof place>;
/** What was found, cut at a limit, and how many there were. */
const found = z.object({ total: z.int(), places: z.array(place).max(SURVEY_LIMITS.findingsPerFile) });
export type Found = z.infer<typeof found>;

const codeFactsSchema = z.object({
  /** Why it could not be parsed; everything else is then empty. */
  problem: place.nullable(),
  functions: z.int(),
  /** The functions with the highest cyclomatic complexity, the worst first; at most 20. */
  complex: z.array(z.object({ name: z.string().max(200), line: z.int(), complexity: z.int() })).max(20),
  lint: found,
  undocumented: found,
  exports: z.int(),
  unusedFunctions: found,
  unusedClasses: found,
  unusedImports: found,
  imports: z.array(z.string().max(1000)).max(2000),
  statements: z.int(),
});
/** What is known of a file of TypeScript or JavaScript. */
export type CodeFacts = z.infer<typeof codeFactsSchema>;

/** What a file is, by its name. */
const FILE_KINDS = ['code', 'test', 'documentation', 'notebook', 'manifest', 'data', 'other'] as const;

const fileFactsSchema = z.object({
  path: z.string().max(8192),
  /** The number under which its statements are counted. */
  number: z.int(),
  kind: z.enum(FILE_KINDS),
  bytes: z.int(),
  /** SHA-256; `null` when the file was not read. */
  digest: z.string().nullable(),
  /** Why its content was not looked at; `null` when it was. */
  unread: z.string().nullable(),
  isText: z.boolean(),
  /** Characters that are no white space. */
  characters: z.int(),
  headings: z.int(),
  secrets: found,
  emojis: found,
  terms: found,
  colors: found,
  fonts: found,
  personal: found,
  health: found,
  /** Names of other files of the workspace that its text has. */
  mentions: z.array(z.string()),
  /** Cells of a notebook that hold outputs; `null` for what is none or cannot be read. */
  notebookOutputs: z.int().nullable(),
  /** Dependencies that a manifest names, with the licence that it says. */
  dependencies: z.array(z.object({ name: z.string().max(300), licence: z.string().max(300).nullable() })).max(5000),
  /** Whether a lock file was read: what it holds is complete. */
  isLock: z.boolean(),
  code: codeFactsSchema.nullable(),
  /** Code that counts which statements were run, ready for its tests, or a document of JSON as it is; `null` for what is neither. */
  runnable: z.string().nullable(),
});
/** What is known of one file. */
export type FileFacts = z.infer<typeof fileFactsSchema>;

const validationSchema = z.object({
  id: z.string(),
  /** `undefined` file: it is not there. */
  exists: z.boolean(),
  errors: z.array(z.string().max(500)).max(50),
});
export type Validation = z.infer<typeof validationSchema>;

/** What the process of a survey writes: a line of JSON each. */
export const surveyLineSchema = z.union([
  z.object({ begin: z.string() }),
  z.object({ file: fileFactsSchema }),
  z.object({
    end: z.object({ links: z.array(z.string()), left: z.string().nullable(), validations: z.array(validationSchema) }),
  }),
]);

/** A document of the workspace that is checked against a schema. */
export interface Validator {
  readonly id: string;
  readonly file: string;
  readonly jsonSchema?: Readonly<Record<string, unknown>> | undefined;
}

/** What a survey is told. */
export interface SurveyOptions {
  /** The folder of the artifacts. */
  readonly root: string;
  readonly forbiddenTerms: readonly string[];
  /** `null`: all are allowed. */
  readonly colors: readonly string[] | null;
  readonly fonts: readonly string[] | null;
  readonly validators: readonly Validator[];
  /** Whether code is made ready for its tests. */
  readonly runnable: boolean;
  /** Files and folders that are looked at; left out: the limit of surveys. */
  readonly maxEntries?: number;
}

/** What is in a workspace. */
export interface Survey {
  readonly files: readonly FileFacts[];
  /** Symbolic links and what is neither file nor folder; they are not followed or opened. */
  readonly links: readonly string[];
  /** Why not everything was looked at; `null` when it was. */
  readonly left: string | null;
  readonly validations: readonly Validation[];
  /** Digest of paths and contents; `null` when not every file was read. */
  readonly digest: string | null;
}
