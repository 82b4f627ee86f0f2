/** Reads the document of a function or a schema, as text. It decides what may be read: which hosts, or files at all. Throws when it may not or cannot. */
export type CatalogueReader = (uri: string) => Promise<string>;
