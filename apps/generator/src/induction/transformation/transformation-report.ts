export interface TransformationReport { readonly goal: 'transformation' }
