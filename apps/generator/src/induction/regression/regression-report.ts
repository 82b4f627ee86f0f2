/** x */
export interface RegressionReport { readonly goal: 'regression' }
