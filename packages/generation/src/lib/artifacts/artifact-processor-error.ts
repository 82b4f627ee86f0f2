import { PlatformError, type PlatformErrorOptions } from '@loopwright/protocol';

/** Why an {@link ArtifactProcessor} wrote nothing: a refused artifact, warnings that were to stop it, or a failed write. */
export class ArtifactProcessorError extends PlatformError {
  constructor(
    message: string,
    options: PlatformErrorOptions & { readonly code?: 'GENERATION_FAILED' | 'STORE_FAILED' | 'INVALID_CONFIGURATION' } = {},
  ) {
    super(options.code ?? 'GENERATION_FAILED', message, options);
  }
}
