import type { ExampleFacts } from '@loopwright/protocol';

/** What labelled examples are like, all of it counted. Lines are from 1, in the stored set. */
export type DataFacts = Omit<ExampleFacts, 'holdout'>;

/** One field of tabular inputs. */
export type FieldFacts = ExampleFacts['fields'][number];
