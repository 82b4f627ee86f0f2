import { isErrorCode, messageOf, PlatformError } from '@loopwright/protocol';

const TEXT_LIMIT = 1000;

/** An error as the other side may learn it: the code and text of a {@link PlatformError}, of any other nothing. */
export function wireError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof PlatformError) return { code: error.code, message: error.message.slice(0, TEXT_LIMIT) };
  if (error instanceof RangeError) return { code: 'VALIDATION_ERROR', message: messageOf(error).slice(0, TEXT_LIMIT) };
  return { code: 'SERVICE_UNAVAILABLE', message: 'Cannot carry it out: the other side failed' };
}

/** The error that {@link wireError} was made of. */
export function errorOfWire({ code, message }: { readonly code: string; readonly message: string }): PlatformError {
  return new PlatformError(isErrorCode(code) ? code : 'SERVICE_UNAVAILABLE', message);
}

/** {@link wireError} in the one text that answers about services have. */
export function errorText(error: unknown): string {
  const { code, message } = wireError(error);
  return `${code}: ${message}`;
}

/** The error of such a text; a text without a code, as the source writes it, is `SERVICE_UNAVAILABLE`. */
export function errorOfText(text: string | null | undefined): PlatformError {
  const [, code = '', message = ''] = /^([A-Z_]{1,64}): (.*)$/su.exec(text ?? '') ?? [];
  return isErrorCode(code)
    ? new PlatformError(code, message)
    : new PlatformError('SERVICE_UNAVAILABLE', text ?? 'no reason was given');
}
