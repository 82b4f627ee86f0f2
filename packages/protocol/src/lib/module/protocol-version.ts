/** What changed with each version of the module protocol. A version is never changed once it is released; `protocol-version.test.ts` holds the digest. */
export const MODULE_PROTOCOL_HISTORY: readonly { readonly version: number; readonly change: string }[] = [
  { version: 1, change: 'the source: bodies whole, as arrays of numbers; results of operations without an id' },
  {
    version: 2,
    change:
      'protocol_version in init, identify and announce; identify is an object; id in service_operation and its result; bodies in base64, streamed with http_body, http_window and http_cancel; several values of a header; secret_error; spans',
  },
];

/** The version that this side speaks. A side writes the lower of its own and the other's. */
export const MODULE_PROTOCOL_VERSION = 2;
